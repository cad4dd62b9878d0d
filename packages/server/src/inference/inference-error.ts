import { type Catalogue, CodedError } from '@blindai/core'

/** The facts that go with each code of `InferenceError`. Parameters are named from closed lists, never as they were sent. */
export interface InferenceErrorDetails {
  PARAMETER_UNSUPPORTED: { readonly parameter: string }
  PARAMETER_INVALID: { readonly parameter: string; readonly expected: string }
  MODEL_UNLOADED: Record<never, never>
  RAW_REQUEST_UNSUPPORTED: { readonly reason: 'not-one-input' | 'shape-not-known' }
  RAW_REQUEST_SIZE_MISMATCH: { readonly expected: number; readonly actual: number; readonly isMultiple: boolean }
}

const RAW_REASONS = {
  'not-one-input': 'the model does not have exactly one input',
  'shape-not-known': 'the input of the model has several dimensions that may vary',
} as const

/** Messages and hints of `InferenceError`. */
export const INFERENCE_CATALOGUE: Catalogue<InferenceErrorDetails> = {
  PARAMETER_UNSUPPORTED: {
    message: (d) => `the parameter ${d.parameter} asks for what this server does not do`,
    hint: 'Leave the parameter out.',
  },
  PARAMETER_INVALID: {
    message: (d) => `the parameter ${d.parameter} is not ${d.expected}`,
    hint: 'Correct the parameter.',
  },
  MODEL_UNLOADED: {
    message: () => 'the owner of this model has unloaded it',
    hint: 'Load the model, or ask its owner to.',
  },
  RAW_REQUEST_UNSUPPORTED: {
    message: (d) => `the body is one tensor without its shape, and ${RAW_REASONS[d.reason]}`,
    hint: 'Send a JSON part that names each input with its shape.',
  },
  RAW_REQUEST_SIZE_MISMATCH: {
    message: (d) =>
      `the body has ${d.actual} bytes; the input needs ${d.isMultiple ? 'a multiple of ' : ''}${d.expected}`,
    hint: 'Send exactly the little-endian elements of the tensor, without padding.',
  },
}

/** A request that is well formed, and asks for what is not served in this way. */
export class InferenceError<Code extends keyof InferenceErrorDetails = keyof InferenceErrorDetails> extends CodedError<
  InferenceErrorDetails,
  Code
> {
  constructor(code: Code, details: InferenceErrorDetails[Code], options?: ErrorOptions) {
    super('InferenceError', INFERENCE_CATALOGUE, code, details, options)
  }
}
