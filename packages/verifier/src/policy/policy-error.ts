import { type Catalogue, CodedError } from '@blindai/core'

/** The facts that go with each code of `PolicyError`. */
export interface PolicyErrorDetails {
  POLICY_CLASS_WITHOUT_ROOT: { readonly trustClass: string }
  POLICY_HARDWARE_ROOT_SIMULATED: { readonly rootSha256: string }
  POLICY_DUPLICATE_REFERENCE: { readonly field: string; readonly name: string }
  POLICY_CONTRADICTION: { readonly field: string; readonly other: string; readonly value: string }
}

/** Messages and hints of `PolicyError`. */
export const POLICY_CATALOGUE: Catalogue<PolicyErrorDetails> = {
  POLICY_CLASS_WITHOUT_ROOT: {
    message: (d) => `the policy accepts the trust class ${d.trustClass} and names no root for it`,
    hint: 'Add `simulated.rootSha256`, the only way to accept simulated evidence.',
  },
  POLICY_HARDWARE_ROOT_SIMULATED: {
    message: (d) => `the policy names the hardware root ${d.rootSha256} as a simulated one`,
    hint: 'Remove it from `simulated.rootSha256`.',
  },
  POLICY_DUPLICATE_REFERENCE: {
    message: (d) => `${d.field} has two reference values named "${d.name}"`,
    hint: 'Give each reference value a name of its own.',
  },
  POLICY_CONTRADICTION: {
    message: (d) => `${d.field} and ${d.other} contradict each other about ${d.value}`,
    hint: 'Remove it from one of the two.',
  },
}

/** A policy that is well formed and cannot be meant. */
export class PolicyError<Code extends keyof PolicyErrorDetails = keyof PolicyErrorDetails> extends CodedError<
  PolicyErrorDetails,
  Code
> {
  constructor(code: Code, details: PolicyErrorDetails[Code], options?: ErrorOptions) {
    super('PolicyError', POLICY_CATALOGUE, code, details, options)
  }
}

/** `PolicyError` as a union, so that a switch over `code` narrows `details`. */
export type AnyPolicyError = {
  readonly [Code in keyof PolicyErrorDetails]: PolicyError<Code>
}[keyof PolicyErrorDetails]

/** True for a `PolicyError` of any copy of this package. */
export function isPolicyError(error: unknown): error is AnyPolicyError {
  return error instanceof Error && error.name === 'PolicyError' && 'code' in error
}
