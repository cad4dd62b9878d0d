import type { Session } from '@blindai/client'
import {
  buildModelPath,
  encodeInferRequest,
  HEADER_LENGTH_HEADER,
  type InferRequest,
  jsonObstacle,
  parseErrorBody,
  parseHeaderLength,
  parseInferResponse,
  type RawTensor,
} from '@blindai/protocol'

/** How tensors travel: as binary data, or as JSON but for those that JSON cannot hold. */
export type WireForm = 'binary' | 'json'

/** What a server answered: tensors, or the code of an error. */
export type WireAnswer = { readonly outputs: readonly RawTensor[] } | { readonly code: string | undefined }

/** Runs a model through the wire. @param binaryOutputs - outputs to ask for as binary data. */
export async function inferOverWire(
  session: Session,
  model: string,
  inputs: readonly RawTensor[],
  form: WireForm,
  outputNames: readonly string[],
  binaryOutputs: readonly string[],
): Promise<WireAnswer> {
  const request: InferRequest = {
    inputs,
    outputs: outputNames.map((name) => ({ name, binary: form === 'binary' || binaryOutputs.includes(name) })),
    binaryOutputsByDefault: false,
  }
  const { body, contentType, headerLength } = encodeInferRequest(request, {
    binary: (input) => form === 'binary' || jsonObstacle(input) !== undefined,
  })
  const response = await session.fetch(buildModelPath({ model, action: 'infer' }), {
    method: 'POST',
    headers: {
      'content-type': contentType,
      ...(headerLength === undefined ? {} : { [HEADER_LENGTH_HEADER]: String(headerLength) }),
    },
    body: new Uint8Array(body),
  })
  const answer = new Uint8Array(await response.arrayBuffer())
  if (!response.ok) return { code: parseErrorBody(answer)?.code }
  const answeredLength = parseHeaderLength(response.headers.get(HEADER_LENGTH_HEADER) ?? undefined)
  return { outputs: parseInferResponse(answer, answeredLength).outputs }
}
