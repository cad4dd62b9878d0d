import { createMockSnpAuthority } from '@blindai/simulator'
import { NOW, TLS_KEY } from './mock.ts'
import { at, endorsed, field, hex, type SnpWrong, snpAuthority } from './snp-mock.ts'

const nonce = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

/** Documents that are kept in `vectors/attestation/simulated-sev-snp/`, with their results, for suites that cannot make any. */
export const SNP_DOCUMENT_CASES: Readonly<Record<string, SnpWrong>> = {
  accepted: {},
  'accepted-version-2': { version: 2 },
  'accepted-genoa': { product: 'Genoa', version: 4 },
  'accepted-turin': { product: 'Turin' },
  'accepted-vlek': { signingKey: 'VLEK', wanted: { signingKeys: ['VLEK'] } },
  'accepted-with-nonce': { nonce: nonce(1), options: { nonce: nonce(1) } },
  'accepted-over-tls': { options: { channel: { kind: 'tls', spkiSha256: TLS_KEY } } },
  'accepted-without-list': { wanted: { requireCrl: false }, changes: { endorsements: endorsed({ crl: undefined }) } },
  'another-installation': { authority: createMockSnpAuthority({ now: NOW, keys: snpAuthority.keys }) },
  'labelled-sev-snp': { format: 'sev-snp' },
  'not-allowed': { policy: () => ({ version: 1, name: 'hardware only' }) },
  'no-reference-values': {
    policy: ({ simulated, ...policy }) => ({ ...policy, simulated: { rootSha256: Object(simulated).rootSha256 } }),
  },
  debug: { changes: { report: field({ policy: hex('00000b0000000000') }) } },
  migratable: { changes: { report: field({ policy: hex('0000070000000000') }) } },
  'unchecked-memory': { changes: { report: field({ platformInfo: hex('0500000000000000') }) } },
  'old-firmware': {
    changes: { platform: (p) => ({ ...p, certified: { ...p.certified, snp: 0x16 } }) },
  },
  'another-measurement': { changes: { report: field({ measurement: new Uint8Array(48) }) } },
  'another-chip': { changes: { report: field({ chipId: new Uint8Array(64) }) } },
  'another-tls-key': { options: { channel: { kind: 'tls', spkiSha256: nonce(0) } } },
  'replayed-nonce': { nonce: nonce(1), options: { nonce: nonce(2) } },
  'forged-signature': { changes: { reportBytes: at(0x2a0, '00'.repeat(144)) } },
  'cut-report': { changes: { reportBytes: (bytes) => bytes.slice(0, 1000) } },
  'no-list': { changes: { endorsements: endorsed({ crl: undefined }) } },
}
