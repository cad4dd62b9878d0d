import { MalformedError } from '@blindai/core'
import { EncodedBody, splitBody } from './body.ts'
import type { WantedOutputs } from './infer-request.ts'
import { JsonScanner } from './json-scanner.ts'
import { DEFAULT_LIMITS, type ProtocolLimits } from './limits.ts'
import { type InferParameters, readParameters } from './parameters.ts'
import type { RawTensor } from './raw-tensor.ts'
import { DistinctNames, entryText, readEntries, readName, readTensors, type TensorEntry } from './tensor-entry.ts'

/** Source: Open Inference Protocol v2, "Inference Response JSON Object", and the binary tensor data extension. */
export interface InferResponse {
  readonly modelName: string
  /** Empty when the server does not say. */
  readonly modelVersion: string
  /** The request's. */
  readonly id?: string
  readonly parameters?: InferParameters
  readonly outputs: readonly RawTensor[]
}

const FIELD = 'inference response'

/**
 * Encodes an inference response, each output in the form that the request wanted.
 *
 * @throws {ProtocolError} `USE_BINARY` when JSON was wanted and cannot hold an output, and as `checkRawTensor`.
 */
export function encodeInferResponse(response: InferResponse, wanted: WantedOutputs): EncodedBody {
  const asked = new Map(wanted.outputs?.map((output) => [output.name, output.binary]))
  const names = new DistinctNames()
  const binary: Uint8Array[] = []
  const outputs = response.outputs.map((tensor, index) => {
    const field = `outputs[${index}]`
    names.add(field, tensor.name)
    return entryText(field, tensor, (asked.get(tensor.name) ?? wanted.binaryOutputsByDefault) ? binary : undefined)
  })
  const members = [
    `"model_name":${JSON.stringify(response.modelName)}`,
    ...(response.modelVersion === '' ? [] : [`"model_version":${JSON.stringify(response.modelVersion)}`]),
    ...(response.id === undefined ? [] : [`"id":${JSON.stringify(response.id)}`]),
    ...(response.parameters === undefined ? [] : [`"parameters":${JSON.stringify(response.parameters)}`]),
    `"outputs":[${outputs.join(',')}]`,
  ]
  return new EncodedBody(`{${members.join(',')}}`, binary)
}

/**
 * Parses an inference response. Tensors of the binary part are views of `body`.
 *
 * @param headerLength - the value of `Inference-Header-Content-Length`; undefined when the whole body is JSON.
 * @throws {MalformedError} and {ProtocolError}, as `parseInferRequest`.
 */
export function parseInferResponse(
  body: Uint8Array,
  headerLength: number | undefined,
  limits: ProtocolLimits = DEFAULT_LIMITS,
): InferResponse {
  const { json, binary } = splitBody(FIELD, body, headerLength, limits)
  const scanner = new JsonScanner(FIELD, json)
  let modelName: string | undefined
  let modelVersion = ''
  let id: string | undefined
  let parameters: InferParameters | undefined
  let entries: TensorEntry[] | undefined
  for (const member of scanner.members(FIELD)) {
    switch (member) {
      case 'model_name':
        modelName = readName(scanner, member)
        break
      case 'model_version':
        modelVersion = readName(scanner, member)
        break
      case 'id':
        id = readName(scanner, member)
        break
      case 'parameters':
        parameters = readParameters(scanner, member).own
        break
      case 'outputs':
        entries = readEntries(scanner, member, limits)
        break
      default:
        scanner.value(FIELD)
    }
  }
  scanner.end()
  if (modelName === undefined) throw new MalformedError('MISSING_MEMBER', { field: FIELD, member: 'model_name' })
  if (entries === undefined) throw new MalformedError('MISSING_MEMBER', { field: FIELD, member: 'outputs' })
  return {
    modelName,
    modelVersion,
    ...(id === undefined ? {} : { id }),
    ...(parameters === undefined ? {} : { parameters }),
    outputs: readTensors(scanner, entries, binary),
  }
}
