import { generateHclKey } from '@blindai/simulator'
import { HCL_REFERENCES, type HclWrong, hclMember, references, reportFields } from './hcl-mock.ts'
import { TLS_KEY } from './mock.ts'
import { flip } from './refusal.ts'
import { field, hex } from './snp-mock.ts'
import { listed } from './tpm-mock.ts'

const nonce = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

/** Documents that are kept in `vectors/attestation/simulated-azure-hcl/`, with their results, for suites that cannot make any. */
export const HCL_DOCUMENT_CASES: Readonly<Record<string, HclWrong>> = {
  accepted: {},
  'accepted-on-tdx': { hardware: 'tdx' },
  'accepted-pss': { pss: true },
  'accepted-with-nonce': { nonce: nonce(1), options: { nonce: nonce(1) } },
  'accepted-over-tls': { options: { channel: { kind: 'tls', spkiSha256: TLS_KEY } } },
  'another-installation': { otherRoot: true },
  'another-installation-on-tdx': { hardware: 'tdx', otherRoot: true },
  'labelled-azure-hcl': { format: 'azure-hcl' },
  'not-allowed': { policy: () => ({ version: 1, name: 'hardware only' }) },
  'no-reference-values': {
    policy: ({ simulated, ...policy }) => ({ ...policy, simulated: { rootSha256: Object(simulated).rootSha256 } }),
  },
  'another-paravisor': { policy: references({ ...HCL_REFERENCES.snp, measurement: '00'.repeat(48) }) },
  'another-register': { policy: references({ ...HCL_REFERENCES.snp, pcrs: { 4: '00'.repeat(32) } }) },
  'asked-by-the-guest': { snp: { report: field({ vmpl: 2 }) } },
  'another-key-in-the-claims': { signer: generateHclKey() },
  'claims-not-vouched-for': { changes: { reportData: (data) => flip(data, 0) } },
  'another-td-report': { hardware: 'tdx', changes: { hardwareReport: (report) => flip(report, 720) } },
  'unlisted-register': { tpm: listed('11', undefined) },
  debug: { snp: { report: field({ policy: hex('00000b0000000000') }) } },
  'debug-on-tdx': {
    hardware: 'tdx',
    dcap: { tdReport: (report) => ({ ...report, tdAttributes: hex('0100001000000000') }) },
  },
  'replayed-nonce': { nonce: nonce(1), options: { nonce: nonce(2) } },
  'another-tls-key': { options: { channel: { kind: 'tls', spkiSha256: nonce(0) } } },
  'later-version': { changes: reportFields({ version: 3 }) },
  'no-quote': { changes: hclMember('quoted', undefined) },
}
