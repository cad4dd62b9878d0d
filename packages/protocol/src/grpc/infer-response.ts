import { MalformedError } from '@blindai/core'
import type { InferResponse } from '../infer-response.ts'
import { DEFAULT_LIMITS, type ProtocolLimits } from '../limits.ts'
import { ParametersReader, writeParameters } from './parameters.ts'
import { ProtobufReader } from './protobuf-reader.ts'
import { ProtobufWriter } from './protobuf-writer.ts'
import { EntriesReader, writeTensors } from './tensor-entries.ts'

const FIELD = 'ModelInferResponse'

/**
 * Encodes an inference response, all outputs raw: exact for every datatype, and none is copied.
 *
 * Source: Open Inference Protocol v2 over gRPC, `ModelInferResponse`.
 *
 * @returns the pieces of the message; tensors are views of the caller's memory.
 * @throws {ProtocolError} `DUPLICATE_TENSOR`, and as `checkRawTensor`.
 */
export function encodeGrpcInferResponse(response: InferResponse): readonly Uint8Array[] {
  return responseWriter(response).pieces
}

/** What a stream answers to one request: the response, or what went wrong with it. */
export type GrpcStreamResponse =
  | { readonly response: InferResponse }
  | { readonly error: string; readonly id: string | undefined }

/**
 * Encodes one answer of a stream.
 *
 * Source: Triton's extension of the protocol, `ModelStreamInferResponse`.
 *
 * @throws {ProtocolError} as `encodeGrpcInferResponse`.
 */
export function encodeGrpcStreamResponse(answer: GrpcStreamResponse): readonly Uint8Array[] {
  const writer = new ProtobufWriter()
  if ('response' in answer) return writer.message(2, responseWriter(answer.response)).pieces
  return writer.text(1, answer.error).message(2, new ProtobufWriter().text(3, answer.id ?? '')).pieces
}

/**
 * Parses an inference response. Raw tensors, and floats that come in one piece, are views of `message`.
 *
 * @throws {MalformedError} and {ProtocolError}, as `parseGrpcInferRequest`.
 */
export function parseGrpcInferResponse(message: Uint8Array, limits: ProtocolLimits = DEFAULT_LIMITS): InferResponse {
  const reader = new ProtobufReader(FIELD, message)
  let modelName = ''
  let modelVersion = ''
  let id = ''
  const parameters = new ParametersReader('parameters', limits)
  const entries = new EntriesReader('outputs', limits)
  for (let number = reader.next(); number !== undefined; number = reader.next()) {
    switch (number) {
      case 1:
        reader.once(number, 'model_name')
        modelName = reader.name('model_name')
        break
      case 2:
        reader.once(number, 'model_version')
        modelVersion = reader.name('model_version')
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
      case 6:
        entries.raw(reader.bytes())
        break
      default:
    }
  }
  if (modelName === '') throw new MalformedError('MISSING_MEMBER', { field: FIELD, member: 'model_name' })
  const { values } = parameters
  return {
    modelName,
    modelVersion,
    ...(id === '' ? {} : { id }),
    ...(values === undefined ? {} : { parameters: values }),
    outputs: entries.tensors(),
  }
}

function responseWriter(response: InferResponse): ProtobufWriter {
  const writer = new ProtobufWriter()
  writer
    .text(1, response.modelName)
    .text(2, response.modelVersion)
    .text(3, response.id ?? '')
  writeParameters(writer, 4, response.parameters)
  return writeTensors(writer, { field: 'outputs', entries: 5, raw: 6 }, response.outputs)
}
