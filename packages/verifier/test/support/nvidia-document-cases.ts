import { utf8 } from '@blindai/core'
import { createMockNvidiaAuthority } from '@blindai/simulator'
import { NOW, TLS_KEY } from './mock.ts'
import { after, block, byteOf, field, nvidiaPolicy, ocsp, rimText, type WrongNvidia } from './nvidia-mock.ts'

const nonce = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

/** Documents that are kept in `vectors/attestation/simulated-nvidia/`, with their results, for suites that cannot make any. */
export const NVIDIA_DOCUMENT_CASES: Readonly<Record<string, WrongNvidia>> = {
  'device-alone': {},
  'device-alone-with-nonce': { nonce: nonce(1), options: { nonce: nonce(1) } },
  'device-alone-over-tls': { options: { channel: { kind: 'tls', spkiSha256: TLS_KEY } } },
  'another-tls-key': { options: { channel: { kind: 'tls', spkiSha256: nonce(0) } } },
  'replayed-nonce': { nonce: nonce(1), options: { nonce: nonce(2) } },
  'another-nonce': { changes: byteOf('request', 4, 0) },
  'another-installation': { authority: createMockNvidiaAuthority({ now: NOW }) },
  'labelled-nvidia': { format: 'nvidia' },
  'not-allowed': { policy: () => ({ version: 1, name: 'hardware only' }) },
  'no-reference-values': {
    policy: ({ simulated, ...policy }) => ({ ...policy, simulated: { rootSha256: Object(simulated).rootSha256 } }),
  },
  'another-measurement': { changes: block(8, (old) => old.map((byte, i) => (i === 54 ? byte ^ 1 : byte))) },
  'another-driver': { changes: field(3, utf8('550.90.08\0')) },
  'protected-pcie': { changes: field(21, new Uint8Array([0xaa])) },
  'old-driver': { policy: nvidiaPolicy({ minimumDriverVersion: '570.0' }) },
  'no-responses': { endorsements: (all) => ({ ...all, ocsp: [] }) },
  'no-responses-required': {
    endorsements: (all) => ({ ...all, ocsp: [] }),
    policy: nvidiaPolicy({ requireOcsp: false }),
  },
  revoked: { changes: ocsp('provisioner', (old) => ({ ...old, status: { revokedAt: after(-1) } })) },
  'forged-signature': { changes: { signature: () => new Uint8Array(96) } },
  'forged-manifest': { changes: rimText('active="False"', 'active="True"') },
  'manifest-with-entity': { changes: rimText('edition="GPU"', 'edition="&gpu;"') },
  'cut-report': { changes: { evidence: (bytes) => bytes.slice(0, 4000) } },
  'expired-response': { options: { now: after(86_401) } },
}
