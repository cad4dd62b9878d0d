import type { InferParameters } from '@blindai/protocol'
import { InferenceError } from './inference-error.ts'

/**
 * Parameters that other servers give a meaning that requests here cannot have. Source: Triton's sequence, parameters and
 * classification extensions. Of the schedule policy extension, `priority` and `timeout` are served: `urgencyOfParameters`.
 */
const REFUSED_OF_REQUEST = ['sequence_id', 'sequence_start', 'sequence_end', 'headers'] as const
const REFUSED_OF_OUTPUT = ['classification'] as const
const RESERVED_PREFIX = 'triton_'

/** A request as far as its parameters go, whatever carried it. */
export interface ParameterSource {
  readonly parameters?: InferParameters | undefined
  readonly outputs?: readonly { readonly parameters?: InferParameters | undefined }[] | undefined
}

/**
 * Refuses by name what asks for something that is not done. Parameters of a model's own are passed over, since an ONNX graph
 * has none.
 *
 * @throws {InferenceError} `PARAMETER_UNSUPPORTED`.
 */
export function refuseUnsupported({ parameters, outputs }: ParameterSource): void {
  refuse(parameters, REFUSED_OF_REQUEST)
  for (const output of outputs ?? []) refuse(output.parameters, REFUSED_OF_OUTPUT)
}

function refuse(parameters: InferParameters | undefined, names: readonly string[]): void {
  if (parameters === undefined) return
  const parameter = names.find((name) => parameters[name] !== undefined)
  if (parameter !== undefined) throw new InferenceError('PARAMETER_UNSUPPORTED', { parameter })
  if (Object.keys(parameters).some((name) => name.startsWith(RESERVED_PREFIX))) {
    throw new InferenceError('PARAMETER_UNSUPPORTED', { parameter: `${RESERVED_PREFIX}*` })
  }
}
