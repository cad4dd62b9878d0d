import { MalformedError } from '@blindai/core'
import type { InferRequest, RequestedOutput } from '../infer-request.ts'
import { DEFAULT_LIMITS, type ProtocolLimits } from '../limits.ts'
import { ProtocolError } from '../protocol-error.ts'
import { DistinctNames } from '../tensor-entry.ts'
import { ParametersReader, writeParameters } from './parameters.ts'
import { ProtobufReader } from './protobuf-reader.ts'
import { ProtobufWriter } from './protobuf-writer.ts'
import { EntriesReader, writeTensors } from './tensor-entries.ts'

/** A request as gRPC carries it: with the model, which HTTP has in the path. */
export interface GrpcInferRequest extends InferRequest {
  readonly model: string
  /** Empty when the caller does not say. */
  readonly version: string
}

const FIELD = 'ModelInferRequest'

/**
 * Parses an inference request. Unknown fields are passed over; a field that has one value and comes twice is refused. Raw
 * tensors, and floats that come in one piece, are views of `message`, which must not change afterwards.
 *
 * Source: Open Inference Protocol v2 over gRPC, `ModelInferRequest`.
 *
 * @throws {MalformedError} `NOT_UTF8`, `TOO_LONG`, `WRONG_TYPE`, `DUPLICATE_MEMBER`, `MISSING_MEMBER`;
 * {ProtocolError} its codes but `HEADER_LENGTH_INVALID`.
 */
export function parseGrpcInferRequest(message: Uint8Array, limits: ProtocolLimits = DEFAULT_LIMITS): GrpcInferRequest {
  const reader = new ProtobufReader(FIELD, message)
  let model = ''
  let version = ''
  let id = ''
  const parameters = new ParametersReader('parameters', limits)
  const entries = new EntriesReader('inputs', limits)
  const outputs: RequestedOutput[] = []
  const outputNames = new DistinctNames()
  for (let number = reader.next(); number !== undefined; number = reader.next()) {
    switch (number) {
      case 1:
        reader.once(number, 'model_name')
        model = reader.name('model_name')
        break
      case 2:
        reader.once(number, 'model_version')
        version = reader.name('model_version')
        break
      case 3:
        reader.once(number, 'id')
        id = reader.name('id')
        break
      case 4:
        parameters.entry(reader.bytes())
        break
      case 5:
        entries.entry(reader.bytes())
        break
      case 6: {
        const { maxItems: limit } = limits
        if (outputs.length === limit) throw new ProtocolError('TOO_MANY_ITEMS', { field: 'outputs', limit })
        const field = `outputs[${outputs.length}]`
        const output = readOutput(field, reader.bytes(), limits)
        outputNames.add(field, output.name)
        outputs.push(output)
        break
      }
      case 7:
        entries.raw(reader.bytes())
        break
      default:
    }
  }
  const { values } = parameters
  return {
    model,
    version,
    ...(id === '' ? {} : { id }),
    ...(values === undefined ? {} : { parameters: values }),
    inputs: entries.tensors(),
    ...(outputs.length === 0 ? {} : { outputs }),
    binaryOutputsByDefault: true,
  }
}

/**
 * Encodes an inference request, all tensors raw; whether outputs are wanted as binary data gRPC does not ask.
 *
 * @returns the pieces of the message; tensors are views of the caller's memory.
 * @throws {ProtocolError} `DUPLICATE_TENSOR`, and as `checkRawTensor`.
 */
export function encodeGrpcInferRequest(request: GrpcInferRequest): readonly Uint8Array[] {
  const writer = new ProtobufWriter()
    .text(1, request.model)
    .text(2, request.version)
    .text(3, request.id ?? '')
  writeParameters(writer, 4, request.parameters)
  writeTensors(writer, { field: 'inputs', entries: 5, raw: 7 }, request.inputs)
  for (const { name, parameters } of request.outputs ?? []) {
    writer.message(6, writeParameters(new ProtobufWriter().text(1, name), 2, parameters))
  }
  return writer.pieces
}

function readOutput(field: string, bytes: Uint8Array, limits: ProtocolLimits): RequestedOutput {
  const reader = new ProtobufReader(field, bytes)
  let name = ''
  const parameters = new ParametersReader(`${field}.parameters`, limits)
  for (let number = reader.next(); number !== undefined; number = reader.next()) {
    if (number === 1) {
      reader.once(number, 'name')
      name = reader.name('name')
    } else if (number === 2) parameters.entry(reader.bytes())
  }
  if (name === '') throw new MalformedError('MISSING_MEMBER', { field, member: 'name' })
  const values = parameters.ofTensor(field)
  return { name, binary: true, ...(values === undefined ? {} : { parameters: values }) }
}
