import { createMockNitroAuthority } from '@blindai/simulator'
import { NOW, TLS_KEY } from './mock.ts'
import { after, bundle, member, part, register, signedAt, type WrongNitro, withoutMember } from './nitro-mock.ts'

const nonce = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

/** Documents that are kept in `vectors/attestation/simulated-nitro/`, with their results, for suites that cannot make any. */
export const NITRO_DOCUMENT_CASES: Readonly<Record<string, WrongNitro>> = {
  accepted: {},
  'accepted-with-nonce': { nonce: nonce(1), options: { nonce: nonce(1) } },
  'accepted-over-tls': { options: { channel: { kind: 'tls', spkiSha256: TLS_KEY } } },
  'accepted-young': {
    policy: (policy) => ({ ...policy, maximumEvidenceAgeSeconds: 600 }),
    options: { now: after(600) },
  },
  'too-old': { policy: (policy) => ({ ...policy, maximumEvidenceAgeSeconds: 600 }), options: { now: after(601) } },
  'another-installation': { authority: createMockNitroAuthority({ now: NOW }) },
  'labelled-nitro': { format: 'nitro' },
  'not-allowed': { policy: () => ({ version: 1, name: 'hardware only' }) },
  'no-reference-values': {
    policy: ({ simulated, ...policy }) => ({ ...policy, simulated: { rootSha256: Object(simulated).rootSha256 } }),
  },
  debug: { changes: register(0, new Uint8Array(48)) },
  'another-image': { changes: register(0, new Uint8Array(48).fill(1)) },
  'replayed-nonce': { nonce: nonce(1), options: { nonce: nonce(2) } },
  'no-user-data': { changes: member('user_data', null) },
  'no-registers': { changes: withoutMember('pcrs') },
  'forged-signature': { changes: { signature: () => new Uint8Array(96) } },
  'another-payload': {
    changes: part(2, (payload) => (payload instanceof Uint8Array ? payload.toReversed() : payload)),
  },
  'root-last': { changes: bundle((issuers) => issuers.toReversed()) },
  'time-before-certificate': { changes: signedAt(NOW - 4) },
  'off-curve': {
    changes: {
      enclave: (old) => ({ ...old, publicKey: old.publicKey.map((byte, i) => (i === 119 ? byte ^ 1 : byte)) }),
    },
  },
  'expired-certificate': { options: { now: after(10_801) } },
}
