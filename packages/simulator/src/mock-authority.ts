import type { DcapEndorsements, EvidenceFormat, EvidenceSource, UnixSeconds } from '@blindai/core'
import { type Authority, type AuthorityOptions, createAuthority } from './authority/authority.ts'
import type { SimulatedMeasurements } from './authority/make-quote.ts'
import type { SimulatedEnclave } from './authority/make-sgx-quote.ts'

/** A throwaway authority for tests: hostile chains, dates, keys and levels are made here, not found. */
export interface MockAuthority extends Authority {
  /** Endorsements issued at the authority's own time. */
  readonly endorsements: DcapEndorsements
  /** An evidence source whose evidence is labelled as asked, rightly or wrongly. */
  source(options?: MockSourceOptions): EvidenceSource
  /** The same with SGX quotes. */
  sgxSource(options?: MockSgxSourceOptions): EvidenceSource
}

/** What a mock source claims. */
export interface MockSourceOptions {
  /** `simulated` without it. */
  readonly format?: EvidenceFormat
  /** `MOCK_MEASUREMENTS` without it. */
  readonly measurements?: SimulatedMeasurements
  /** Without it endorsements are of the authority's own time, however late they are asked for. */
  readonly clock?: () => UnixSeconds
}

/** What a mock source of SGX quotes claims. */
export interface MockSgxSourceOptions {
  /** `simulated-sgx` without it. */
  readonly format?: EvidenceFormat
  /** `MOCK_ENCLAVE` without it. */
  readonly enclave?: SimulatedEnclave
}

/** Recognisable registers for tests, each of one repeated byte. */
export const MOCK_MEASUREMENTS: SimulatedMeasurements = {
  mrTd: 'd0'.repeat(48),
  rtmr0: 'a0'.repeat(48),
  rtmr1: 'a1'.repeat(48),
  rtmr2: 'a2'.repeat(48),
  rtmr3: '00'.repeat(48),
}

/** A recognisable enclave for tests. */
export const MOCK_ENCLAVE: SimulatedEnclave = {
  mrEnclave: 'e0'.repeat(32),
  mrSigner: '50'.repeat(32),
  isvProdId: 7,
  isvSvn: 3,
}

/** Makes an authority under a root of its own. */
export function createMockAuthority(options: AuthorityOptions): MockAuthority {
  const authority = createAuthority(options)
  const endorsements = authority.endorse(options.now)
  return {
    ...authority,
    endorsements,
    source({ format = 'simulated', measurements = MOCK_MEASUREMENTS, clock } = {}) {
      return {
        format,
        collect: async (reportData) => ({ bytes: authority.quote(reportData, measurements) }),
        endorsements: async () => (clock === undefined ? endorsements : authority.endorse(clock())),
      }
    },
    sgxSource({ format = 'simulated-sgx', enclave = MOCK_ENCLAVE } = {}) {
      return {
        format,
        collect: async (reportData) => ({ bytes: authority.quoteSgx(reportData, enclave) }),
        endorsements: async () => authority.endorseSgx(options.now),
      }
    },
  }
}
