import { createMockTpmAuthority, TPM_IDS } from '@blindai/simulator'
import { NOW, TLS_KEY } from './mock.ts'
import { after, certificate, listed, tpmAuthority, type WrongTpm, withoutMember } from './tpm-mock.ts'

const nonce = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

/** Documents that are kept in `vectors/attestation/simulated-tpm/`, with their results, for suites that cannot make any. */
export const TPM_DOCUMENT_CASES: Readonly<Record<string, WrongTpm>> = {
  accepted: {},
  'accepted-with-nonce': { nonce: nonce(1), options: { nonce: nonce(1) } },
  'accepted-over-tls': { options: { channel: { kind: 'tls', spkiSha256: TLS_KEY } } },
  'accepted-as-measured-boot': {
    format: 'tpm',
    policy: ({ simulated, ...policy }) => ({
      ...policy,
      trustClasses: ['measured-boot'],
      tpm: {
        akRoots: Object(simulated).rootSha256,
        measurements: Object(simulated).tpmMeasurements,
      },
    }),
  },
  'accepted-as-enrolled': {
    format: 'tpm',
    endorsements: () => undefined,
    policy: ({ simulated, ...policy }) => ({
      ...policy,
      trustClasses: ['measured-boot'],
      tpm: {
        attestationKeys: [{ name: tpmAuthority.akName, date: '2026-11-27', label: 'rack 7' }],
        measurements: Object(simulated).tpmMeasurements,
      },
    }),
  },
  'nobody-vouches': {
    format: 'tpm',
    endorsements: () => undefined,
    policy: () => ({ version: 1, name: 'measured boot', trustClasses: ['measured-boot'] }),
  },
  'another-installation': { authority: createMockTpmAuthority({ now: NOW }) },
  'labelled-tpm': { format: 'tpm' },
  'not-allowed': { policy: () => ({ version: 1, name: 'hardware only' }) },
  'no-certificate': { endorsements: () => undefined },
  'no-reference-values': {
    policy: ({ simulated, ...policy }) => ({ ...policy, simulated: { rootSha256: Object(simulated).rootSha256 } }),
  },
  'another-image': {
    policy: ({ simulated, ...policy }) => ({
      ...policy,
      simulated: {
        ...Object(simulated),
        tpmMeasurements: [{ name: 'test release', date: '2026-11-20', pcrs: { 4: '00'.repeat(32) } }],
      },
    }),
  },
  'another-register': { changes: listed('4', '00'.repeat(32)) },
  'unrestricted-key': { changes: { public: (old) => ({ ...old, objectAttributes: 0x0004_0072 }) } },
  'forged-signature': {
    changes: { signature: (old) => ({ ...old, numbers: [new Uint8Array(32), new Uint8Array(32)] }) },
  },
  'another-hash': { changes: { signature: (old) => ({ ...old, hash: TPM_IDS.sha1 }) } },
  'cut-quote': { changes: { attestBytes: (bytes) => bytes.slice(0, -1) } },
  'no-quote': { changes: withoutMember('quoted') },
  'expired-certificate': { changes: { ak: certificate({ notAfter: after(-1) }) } },
  'replayed-nonce': { nonce: nonce(1), options: { nonce: nonce(2) } },
}
