import { fromHex } from '@blindai/core'
import { createMockAuthority } from '@blindai/simulator'
import { NOW, TLS_KEY, type Wrong } from './mock.ts'

const nonce = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const attributes = (text: string): Wrong['changes'] & object => ({
  enclaveReport: (report) => ({ ...report, attributes: fromHex('ATTRIBUTES', text) }),
})

/** Documents that are kept in `vectors/attestation/simulated-sgx/`, with their results, for suites that cannot make any. */
export const SGX_DOCUMENT_CASES: Readonly<Record<string, Wrong>> = {
  accepted: {},
  'accepted-with-nonce': { nonces: [nonce(1)], options: { nonce: nonce(1) } },
  'accepted-over-tls': { options: { channel: { kind: 'tls', spkiSha256: TLS_KEY } } },
  'another-installation': { authority: createMockAuthority({ now: NOW }) },
  'labelled-sgx': { format: 'sgx' },
  'labelled-tdx-structure': { format: 'simulated' },
  'not-allowed': { policy: () => ({ version: 1, name: 'hardware only' }) },
  'no-reference-values': {
    policy: ({ simulated, ...policy }) => ({ ...policy, simulated: { rootSha256: Object(simulated).rootSha256 } }),
  },
  debug: { changes: attributes('0700000000000000e700000000000000') },
  'not-initialized': { changes: attributes('0400000000000000e700000000000000') },
  'provision-key': { changes: attributes('1500000000000000e700000000000000') },
  'thirty-two-bit': { changes: attributes('0100000000000000e700000000000000') },
  'reserved-xfrm': { changes: attributes('0500000000000000e701000000000000') },
  'reserved-misc-select': { changes: { enclaveReport: (report) => ({ ...report, miscSelect: 4 }) } },
  'older-version': { changes: { enclaveReport: (report) => ({ ...report, isvSvn: 2 }) } },
  'outdated-platform': { changes: { pckPlatform: (platform) => ({ ...platform, pceSvn: platform.pceSvn - 1 }) } },
  'replayed-nonce': { nonces: [nonce(1)], options: { nonce: nonce(2) } },
  'another-tls-key': { options: { channel: { kind: 'tls', spkiSha256: nonce(0) } } },
  'forged-tcb-info': {
    document: ({ endorsements, ...rest }) => ({
      ...rest,
      endorsements: { ...endorsements, tcbInfo: endorsements?.tcbInfo.replace('"version":3', '"version": 3') },
    }),
  },
  'cut-quote': {
    document: ({ evidence, ...rest }) => ({ ...rest, evidence: { ...evidence, bytes: evidence.bytes.slice(0, 4000) } }),
  },
}
