import {
  type AttestationDocument,
  type CollectedEvidence,
  type DcapEndorsements,
  type Ed25519Jwk,
  type Endorsements,
  type EvidenceSource,
  fromUtf8,
  type Keyset,
  toBase64Url,
  type UnixSeconds,
  unixSeconds,
  utf8,
} from '@blindai/core'
import { assembleKeyset } from '../../src/attester/keyset.ts'
import type { ShownConfig } from '../../src/attester/statement.ts'

export const START: UnixSeconds = unixSeconds(1_800_000_000)

export const CONFIG: ShownConfig = {
  isolation: 'full',
  keySource: 'ephemeral',
  unattestedClients: false,
  legacyListeners: false,
  crossTenantBatching: false,
  sharedEngines: false,
  peers: [],
  credentials: ['ab'.repeat(32)],
}

export const SOFTWARE = { name: 'blindai', version: '0.1.0', digest: 'cd'.repeat(32) }

export function jwk(fill: number): Ed25519Jwk {
  return { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(new Uint8Array(32).fill(fill)) }
}

export function keyset(): Promise<Keyset> {
  return assembleKeyset({
    tlsPublicKeys: [utf8('spki')],
    ohttpKeyConfigs: utf8('configs'),
    channel: jwk(1),
    receipts: jwk(2),
    notBefore: START,
    notAfter: unixSeconds(START + 86_400),
  })
}

export function nonce(fill: number): Uint8Array {
  return new Uint8Array(32).fill(fill)
}

export function parseDocument(bytes: Uint8Array): AttestationDocument {
  return JSON.parse(fromUtf8('document', bytes))
}

/** Endorsements that say when they are due, and nothing else of use. */
export function endorsements(nextUpdate: UnixSeconds, mark = ''): DcapEndorsements {
  const date = new Date(nextUpdate * 1000).toISOString().replace('.000Z', 'Z')
  return {
    type: 'dcap',
    pckCrlIssuerChain: mark,
    rootCaCrl: '',
    pckCrl: '',
    tcbInfoIssuerChain: '',
    tcbInfo: JSON.stringify({ tcbInfo: { nextUpdate: date }, signature: '' }),
    qeIdentityIssuerChain: '',
    qeIdentity: JSON.stringify({ enclaveIdentity: { nextUpdate: date }, signature: '' }),
  }
}

/** A device whose every answer the test gives. `open` makes it answer at once from then on. */
export class TestDevice implements EvidenceSource {
  readonly format = 'simulated'
  /** The report data of each collection, in order. */
  readonly collected: Uint8Array[] = []
  endorsementRequests = 0
  running = 0
  mostRunning = 0
  nextEndorsements: () => Endorsements | undefined = () => undefined
  failure: Error | undefined
  /** What its evidence calls its endorsements. */
  endorsedUnder: string | undefined
  #held: (() => void)[] | undefined

  async collect(reportData: Uint8Array): Promise<CollectedEvidence> {
    this.collected.push(reportData)
    this.running++
    this.mostRunning = Math.max(this.mostRunning, this.running)
    try {
      const held = this.#held
      if (held !== undefined) await new Promise<void>((resolve) => held.push(resolve))
      if (this.failure !== undefined) throw this.failure
      return { bytes: reportData, ...(this.endorsedUnder !== undefined && { endorsedUnder: this.endorsedUnder }) }
    } finally {
      this.running--
    }
  }

  async endorsements(): Promise<Endorsements | undefined> {
    this.endorsementRequests++
    return this.nextEndorsements()
  }

  /** Collections from now on wait for `release` or `open`. */
  hold(): void {
    this.#held = []
  }

  /** Waits until a collection hangs, then lets it end. */
  async release(): Promise<void> {
    while (this.#held?.length === 0) await new Promise((resolve) => setImmediate(resolve))
    this.#held?.shift()?.()
  }

  async open(): Promise<void> {
    await this.release()
    this.#held = undefined
  }
}

/** A clock that the test turns. */
export class TestClock {
  now: UnixSeconds = START
  readonly read = (): UnixSeconds => this.now
  advance(seconds: number): void {
    this.now = unixSeconds(this.now + seconds)
  }
}
