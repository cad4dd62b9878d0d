import type { InferParameters } from '@blindai/protocol'
import { InferenceError } from './inference-error.ts'

/**
 * Parameters that other servers give a meaning that requests here cannot have. Source: Triton's sequence, schedule policy,
 * parameters and classification extensions.
 */
const REFUSED_OF_REQUEST = ['sequence_id', 'sequence_start', 'sequence_end', 'priority', 'headers'] as const
const REFUSED_OF_OUTPUT = ['classification'] as const
const RESERVED_PREFIX = 'triton_'

/** A longer time than this says nothing: the deadline of the server comes before. */
const MAX_TIMEOUT_MS = 3_600_000

/** What the parameters of a request ask for. */
export interface AskedOptions {
  /** The time that the caller gives; undefined for the server's. */
  readonly timeoutMs?: number
}

/** A request as far as its parameters go, whatever carried it. */
export interface ParameterSource {
  readonly parameters?: InferParameters | undefined
  readonly outputs?: readonly { readonly parameters?: InferParameters | undefined }[] | undefined
}

/**
 * Reads the parameters of a request. What asks for something that is not done is refused by name; parameters of a model's
 * own are passed over, since an ONNX graph has none.
 *
 * @throws {InferenceError} `PARAMETER_UNSUPPORTED`.
 */
export function readAskedOptions({ parameters, outputs }: ParameterSource): AskedOptions {
  refuse(parameters, REFUSED_OF_REQUEST)
  for (const output of outputs ?? []) refuse(output.parameters, REFUSED_OF_OUTPUT)
  const timeout = parameters?.timeout
  if (timeout === undefined || timeout === 0) return {}
  if (typeof timeout !== 'number' || !(timeout > 0)) {
    throw new InferenceError('PARAMETER_UNSUPPORTED', { parameter: 'timeout, which is no number of microseconds and' })
  }
  return { timeoutMs: Math.min(MAX_TIMEOUT_MS, Math.ceil(timeout / 1000)) }
}

function refuse(parameters: InferParameters | undefined, names: readonly string[]): void {
  if (parameters === undefined) return
  const parameter = names.find((name) => parameters[name] !== undefined)
  if (parameter !== undefined) throw new InferenceError('PARAMETER_UNSUPPORTED', { parameter })
  if (Object.keys(parameters).some((name) => name.startsWith(RESERVED_PREFIX))) {
    throw new InferenceError('PARAMETER_UNSUPPORTED', { parameter: `${RESERVED_PREFIX}*` })
  }
}
