import { utf8 } from '@blindai/core'
import { type InferRequest, type ProtocolLimits, parseInferRequest, type RawTensor } from '@blindai/protocol'

/** The request that a JSON text holds. */
export function parseText(text: string, limits?: ProtocolLimits): InferRequest {
  return parseInferRequest(utf8(text), undefined, limits)
}

/** A request with one input of the given members. */
export function requestText(members: string): string {
  return `{"inputs":[{"name":"x",${members}}]}`
}

/** The one input of a request with the given members. */
export function parseInput(members: string): RawTensor {
  const [input, ...others] = parseText(requestText(members)).inputs
  if (input === undefined || others.length > 0) throw new RangeError('not one input')
  return input
}

/** What `work` throws; fails when it throws nothing. */
export function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new RangeError('nothing was thrown')
}
