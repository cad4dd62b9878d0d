import { MalformedError } from '@blindai/core'
import { EncodedBody, splitBody } from './body.ts'
import { JsonScanner } from './json-scanner.ts'
import { DEFAULT_LIMITS, type ProtocolLimits } from './limits.ts'
import { type InferParameters, readParameters, readTensorParameters } from './parameters.ts'
import { ProtocolError } from './protocol-error.ts'
import type { RawTensor } from './raw-tensor.ts'
import { DistinctNames, entryText, readEntries, readName, readTensors, type TensorEntry } from './tensor-entry.ts'

/** An output that a caller asks for. */
export interface RequestedOutput {
  readonly name: string
  /** Whether its data is to come back in the binary part. */
  readonly binary: boolean
  readonly parameters?: InferParameters
}

/** Which outputs a caller wants, and how. */
export interface WantedOutputs {
  /** The outputs to return; all when absent. */
  readonly outputs?: readonly RequestedOutput[]
  /** Whether outputs that `outputs` does not speak of come back as binary data. */
  readonly binaryOutputsByDefault: boolean
}

/** Source: Open Inference Protocol v2, "Inference Request JSON Object", and the binary tensor data extension. */
export interface InferRequest extends WantedOutputs {
  /** Returned in the response. */
  readonly id?: string
  /** Without those of the binary extension. */
  readonly parameters?: InferParameters
  readonly inputs: readonly RawTensor[]
}

const FIELD = 'inference request'

/**
 * Parses an inference request. Unknown members are passed over, as the protocol's own examples need; an empty `outputs`
 * means all. Tensors of the binary part are views of `body`, which must not change afterwards.
 *
 * @param headerLength - the value of `Inference-Header-Content-Length`; undefined when the whole body is JSON.
 * @throws {MalformedError} `NOT_UTF8`, `NOT_JSON`, `DUPLICATE_MEMBER`, `MISSING_MEMBER`, `WRONG_TYPE`, `TOO_LONG`,
 * `TRUNCATED`, `TRAILING_BYTES`; {ProtocolError} any of its codes.
 */
export function parseInferRequest(
  body: Uint8Array,
  headerLength: number | undefined,
  limits: ProtocolLimits = DEFAULT_LIMITS,
): InferRequest {
  const { json, binary } = splitBody(FIELD, body, headerLength, limits)
  const scanner = new JsonScanner(FIELD, json)
  let id: string | undefined
  let parameters: InferParameters | undefined
  let binaryOutputsByDefault = false
  let entries: TensorEntry[] | undefined
  let wanted: readonly OutputEntry[] = []
  for (const member of scanner.members(FIELD)) {
    switch (member) {
      case 'id':
        id = readName(scanner, 'id')
        break
      case 'parameters': {
        const read = readParameters(scanner, 'parameters')
        parameters = read.own
        binaryOutputsByDefault = read.binary.binary_data_output ?? false
        break
      }
      case 'inputs':
        entries = readEntries(scanner, 'inputs', limits)
        break
      case 'outputs':
        wanted = readOutputs(scanner, limits)
        break
      default:
        scanner.value(FIELD)
    }
  }
  scanner.end()
  if (entries === undefined) throw new MalformedError('MISSING_MEMBER', { field: FIELD, member: 'inputs' })
  const outputs = wanted.map(({ binary: asked, ...output }) => ({ ...output, binary: asked ?? binaryOutputsByDefault }))
  return {
    ...(id === undefined ? {} : { id }),
    ...(parameters === undefined ? {} : { parameters }),
    inputs: readTensors(scanner, entries, binary),
    ...(outputs.length === 0 ? {} : { outputs }),
    binaryOutputsByDefault,
  }
}

/**
 * Encodes an inference request.
 *
 * @param form - `binary`: which inputs travel as binary data, exact for every datatype; all, none or those chosen. The
 * others travel as JSON.
 * @throws {ProtocolError} `USE_BINARY` when JSON cannot hold an input, `DUPLICATE_TENSOR`, and as `checkRawTensor`.
 */
export function encodeInferRequest(
  request: InferRequest,
  form: { readonly binary: boolean | ((input: RawTensor) => boolean) },
): EncodedBody {
  const names = new DistinctNames()
  const binary: Uint8Array[] = []
  const inputs = request.inputs.map((tensor, index) => {
    const field = `inputs[${index}]`
    names.add(field, tensor.name)
    const isBinary = typeof form.binary === 'boolean' ? form.binary : form.binary(tensor)
    return entryText(field, tensor, isBinary ? binary : undefined)
  })
  const parameters = request.binaryOutputsByDefault
    ? { ...request.parameters, binary_data_output: true }
    : request.parameters
  const members = [
    ...(request.id === undefined ? [] : [`"id":${JSON.stringify(request.id)}`]),
    ...(parameters === undefined ? [] : [`"parameters":${JSON.stringify(parameters)}`]),
    `"inputs":[${inputs.join(',')}]`,
    ...(request.outputs === undefined ? [] : [`"outputs":[${request.outputs.map(outputText).join(',')}]`]),
  ]
  return new EncodedBody(`{${members.join(',')}}`, binary)
}

interface OutputEntry extends Omit<RequestedOutput, 'binary'> {
  readonly binary: boolean | undefined
}

function outputText(output: RequestedOutput): string {
  return JSON.stringify({ name: output.name, parameters: { ...output.parameters, binary_data: output.binary } })
}

function readOutputs(scanner: JsonScanner, limits: ProtocolLimits): OutputEntry[] {
  const outputs: OutputEntry[] = []
  const names = new DistinctNames()
  for (const index of scanner.items('outputs')) {
    if (index >= limits.maxItems)
      throw new ProtocolError('TOO_MANY_ITEMS', { field: 'outputs', limit: limits.maxItems })
    const field = `outputs[${index}]`
    let name: string | undefined
    let parameters: InferParameters | undefined
    let binary: boolean | undefined
    for (const member of scanner.members(field)) {
      if (member === 'name') name = readName(scanner, `${field}.name`)
      else if (member === 'parameters') {
        const read = readTensorParameters(scanner, field)
        parameters = read.own
        binary = read.binary.binary_data
      } else scanner.value(field)
    }
    if (name === undefined) throw new MalformedError('MISSING_MEMBER', { field, member: 'name' })
    names.add(field, name)
    outputs.push({ name, binary, ...(parameters === undefined ? {} : { parameters }) })
  }
  return outputs
}
