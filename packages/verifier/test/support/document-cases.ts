import { fromHex } from '@blindai/core'
import { createMockAuthority } from '@blindai/simulator'
import { NOW, TLS_KEY, type Wrong } from './mock.ts'

const nonce = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const attributes = (hex: string): Wrong['changes'] & object => ({
  tdReport: (report) => ({ ...report, tdAttributes: fromHex('TDATTRIBUTES', hex) }),
})

/** Documents that are kept in `vectors/attestation/simulated/`, with their results, for suites that cannot make any. */
export const DOCUMENT_CASES: Readonly<Record<string, Wrong>> = {
  accepted: {},
  'accepted-with-nonce': { nonces: [nonce(1)], options: { nonce: nonce(1) } },
  'accepted-with-shared-nonces': { nonces: [nonce(1), nonce(2)], options: { nonce: nonce(2) } },
  'accepted-over-tls': { options: { channel: { kind: 'tls', spkiSha256: TLS_KEY } } },
  'accepted-over-ohttp': { options: { channel: { kind: 'ohttp' } } },
  'another-installation': { authority: createMockAuthority({ now: NOW }) },
  'labelled-tdx': { format: 'tdx' },
  'not-allowed': { policy: () => ({ version: 1, name: 'hardware only' }) },
  'no-reference-values': {
    policy: ({ simulated, ...policy }) => ({ ...policy, simulated: { rootSha256: Object(simulated).rootSha256 } }),
  },
  debug: { changes: attributes('0100001000000000') },
  'one-bit-of-rtmr2': {
    changes: {
      tdReport: (report) => ({ ...report, rtmr2: report.rtmr2.map((byte, i) => (i === 0 ? byte ^ 1 : byte)) }),
    },
  },
  'replayed-nonce': { nonces: [nonce(1)], options: { nonce: nonce(2) } },
  'another-tls-key': { options: { channel: { kind: 'tls', spkiSha256: nonce(0) } } },
  'outdated-tdx-module': {
    changes: {
      tdReport: (report) => ({ ...report, teeTcbSvn: report.teeTcbSvn.map((svn, i) => (i === 0 ? 1 : svn)) }),
    },
  },
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
