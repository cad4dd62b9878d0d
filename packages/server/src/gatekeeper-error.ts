import { type Catalogue, CodedError, type IsolationLevel } from '@blindai/core'

/** The facts that go with each code of `GatekeeperError`. */
export interface GatekeeperErrorDetails {
  WALL_TOO_WEAK: {
    readonly required: IsolationLevel
    readonly available: IsolationLevel
    readonly missing: readonly string[]
  }
  ADDRESS_UNAVAILABLE: { readonly listener: 'listen' | 'plainListen' | 'legacy'; readonly reason: string }
  KEY_SOURCE_NOT_ALLOWED: { readonly keySource: string; readonly evidence: string }
}

/** Messages and hints of `GatekeeperError`. */
export const GATEKEEPER_CATALOGUE: Catalogue<GatekeeperErrorDetails> = {
  WALL_TOO_WEAK: {
    message: (d) =>
      `the configuration requires ${d.required} isolation of engines; this machine gives ${d.available}, without ${d.missing.join(', ')}`,
    hint: 'Let the machine give what is missing, or accept less by name with "isolation"; the statement then shows it.',
  },
  ADDRESS_UNAVAILABLE: {
    message: (d) => `${d.listener} cannot be listened on: ${d.reason}`,
    hint: 'Choose another address, or port 0 for a free one.',
  },
  KEY_SOURCE_NOT_ALLOWED: {
    message: (d) =>
      `the key source ${d.keySource} hides nothing from the operator; evidence of ${d.evidence} must not name it`,
    hint: 'Use the key source "ephemeral", or simulated evidence.',
  },
}

/** A server that does not start. */
export class GatekeeperError<
  Code extends keyof GatekeeperErrorDetails = keyof GatekeeperErrorDetails,
> extends CodedError<GatekeeperErrorDetails, Code> {
  constructor(code: Code, details: GatekeeperErrorDetails[Code], options?: ErrorOptions) {
    super('GatekeeperError', GATEKEEPER_CATALOGUE, code, details, options)
  }
}
