import { type Catalogue, CodedError, type IsolationLevel } from '@blindai/core'

/** The facts that go with each code of `GatekeeperError`. */
export interface GatekeeperErrorDetails {
  WALL_TOO_WEAK: {
    readonly required: IsolationLevel
    readonly available: IsolationLevel
    readonly missing: readonly string[]
  }
  ADDRESS_UNAVAILABLE: {
    readonly listener: 'listen' | 'plainListen' | 'metricsListen' | 'legacy'
    readonly reason: string
  }
  KEY_SOURCE_NOT_ALLOWED: { readonly keySource: string; readonly evidence: string }
  DOOR_OPEN: { readonly kind: string; readonly name: string }
  CORE_FILES_POSSIBLE: Record<never, never>
  KEY_SOURCE_UNAVAILABLE: { readonly keySource: string }
  COUNTER_NOT_ALLOWED: { readonly counter: string; readonly evidence: string }
  COUNTER_UNAVAILABLE: { readonly counter: string }
  TENANT_CLASH: Record<never, never>
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
  DOOR_OPEN: {
    message: (d) => `${d.kind} ${d.name} could show what is in this process, and is set`,
    hint: 'Start the server without it; docs/operations.md lists what may be set.',
  },
  CORE_FILES_POSSIBLE: {
    message: () => 'a crash of this process would write its memory to a file, and this machine lets nobody forbid it',
    hint: 'Install prlimit (util-linux), or give the process a /proc that it may write to.',
  },
  KEY_SOURCE_UNAVAILABLE: {
    message: (d) => `the configuration names the key source ${d.keySource}; this build has none of that kind`,
    hint: 'Name a key source that this build has: "ephemeral", or "file" with simulated evidence.',
  },
  COUNTER_NOT_ALLOWED: {
    message: (d) =>
      `the operator can turn back a counter of the kind ${d.counter}; evidence of ${d.evidence} must not rest on one`,
    hint: 'Leave the counter out, or use simulated evidence.',
  },
  COUNTER_UNAVAILABLE: {
    message: (d) => `the configuration names a counter of the kind ${d.counter}; this build has none of that kind`,
    hint: 'Leave the counter out: an older copy of the disk then opens, and nothing can tell.',
  },
  TENANT_CLASH: {
    message: () => 'the configuration names a tenant, or a key, that the sealed index has already',
    hint: 'Take the tenant out of the configuration, or delete it by the API first: none may stand in for another.',
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
