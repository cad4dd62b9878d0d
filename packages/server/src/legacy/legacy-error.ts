import { type Catalogue, CodedError } from '@blindai/core'

/** The facts that go with each code of `LegacyError`. */
export interface LegacyErrorDetails {
  LEGACY_CBOR_UNSUPPORTED: { readonly offset: number }
  LEGACY_CBOR_TOO_DEEP: { readonly limit: number }
  LEGACY_MODEL_UNCLEAR: Record<never, never>
  LEGACY_LENGTH_MISMATCH: { readonly expected: number; readonly actual: number }
  LEGACY_BUSY: { readonly limit: number }
  LEGACY_DATATYPE_UNSUPPORTED: { readonly datatype: string }
  LEGACY_NOT_FOUND: Record<never, never>
}

/** Messages and hints of `LegacyError`. */
export const LEGACY_CATALOGUE: Catalogue<LegacyErrorDetails> = {
  LEGACY_CBOR_UNSUPPORTED: {
    message: (d) => `the CBOR item at byte ${d.offset} is of a form that is not taken`,
    hint: 'Send definite lengths and numbers in their shortest form, and no tags, floats or undefined values.',
  },
  LEGACY_CBOR_TOO_DEEP: {
    message: (d) => `the CBOR nests deeper than ${d.limit} levels`,
    hint: 'Send the structures of BlindAI 0.6, which are flat.',
  },
  LEGACY_MODEL_UNCLEAR: {
    message: () => 'a run names its model by exactly one of model_id and model_hash',
    hint: 'Set one of model_id and model_hash, and leave the other one empty.',
  },
  LEGACY_LENGTH_MISMATCH: {
    message: (d) => `the upload announces ${d.expected} bytes; its model has ${d.actual}`,
    hint: 'Send the length of the model in bytes as length.',
  },
  LEGACY_BUSY: {
    message: (d) => `${d.limit} uploads of BlindAI 0.6 clients are under way, as many as may be`,
    hint: 'Wait until one of them has ended.',
  },
  LEGACY_DATATYPE_UNSUPPORTED: {
    message: (d) => `an output is of the datatype ${d.datatype}, which BlindAI 0.6 has no name for`,
    hint: 'Use another client for this model.',
  },
  LEGACY_NOT_FOUND: {
    message: () => 'there is nothing at this path',
    hint: 'Check the path and the port: 0.6 runs models on one port, and uploads and deletes them on another.',
  },
}

/** What each would be over HTTP, which metrics and the log say; its client gets 500, or 404 where there is nothing. */
export const LEGACY_STATUS: { readonly [Code in keyof LegacyErrorDetails]: number } = {
  LEGACY_CBOR_UNSUPPORTED: 400,
  LEGACY_CBOR_TOO_DEEP: 400,
  LEGACY_MODEL_UNCLEAR: 400,
  LEGACY_LENGTH_MISMATCH: 409,
  LEGACY_BUSY: 429,
  LEGACY_DATATYPE_UNSUPPORTED: 422,
  LEGACY_NOT_FOUND: 404,
}

/** A request of a BlindAI 0.6 client that is not accepted. */
export class LegacyError<Code extends keyof LegacyErrorDetails = keyof LegacyErrorDetails> extends CodedError<
  LegacyErrorDetails,
  Code
> {
  constructor(code: Code, details: LegacyErrorDetails[Code], options?: ErrorOptions) {
    super('LegacyError', LEGACY_CATALOGUE, code, details, options)
  }
}
