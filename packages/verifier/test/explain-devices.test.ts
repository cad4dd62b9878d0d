import { describe, expect, test } from 'vitest'
import { type Check, type EvidenceResult, explain } from '../src/index.ts'
import type { HclClaims } from '../src/result/hcl-claims.ts'
import type { NvidiaClaims } from '../src/result/nvidia-claims.ts'
import type { TpmClaims } from '../src/result/tpm-claims.ts'

const base: EvidenceResult = {
  version: 1,
  scope: 'evidence-only',
  status: 'warning',
  trustClass: 'hardware',
  trustFlags: [],
  checks: [],
  now: 1_795_407_570,
  policy: 'mine',
}
const failed = (code: Check['code']): Check => ({ code, status: 'failed', summary: '' })
/** The lines from the code on, up to the time of the judgement. */
const said = (result: EvidenceResult): readonly string[] => {
  const lines = explain(result).split('\n')
  return lines.slice(
    lines.indexOf('code: not shown to be reviewed') + 1,
    lines.indexOf('judged at: 2026-11-23T04:19:30Z'),
  )
}

const TPM: TpmClaims = {
  format: 'tpm',
  reportData: 'bb',
  attestationKey: { name: '000baa', attributeNames: [], signature: 'ECDSA with SHA-256' },
  qualifiedSigner: '',
  firmwareVersion: '',
  clock: { milliseconds: '1234', resetCount: 5, restartCount: 6, safe: true },
  pcrs: {},
}

describe('a quote of a TPM in words', () => {
  test('says that nothing vouches for its key', () =>
    expect(said({ ...base, claims: TPM })).toEqual([
      'attestation key: 000baa, ECDSA with SHA-256',
      '  vouched for by nothing: whoever has a key can sign a quote',
      'TPM clock: 1234 ms, boot 5, 6 suspensions since',
    ]))
  test('says who does, what its log explains, and that its clock may have been set back', () => {
    const claims: TpmClaims = {
      ...TPM,
      attestationKey: { ...TPM.attestationKey, boundBy: 'policy' },
      ekRootSha256: 'cc',
      clock: { ...TPM.clock, safe: false },
      eventLog: { events: 7, registers: ['sha256 PCR 0'], unexplained: [] },
    }
    expect(said({ ...base, claims })).toEqual([
      'attestation key: 000baa, ECDSA with SHA-256',
      '  vouched for by the policy: it was enrolled',
      '  its machine shows an endorsement key, which says nothing of this key',
      'TPM clock: 1234 ms, boot 5, 6 suspensions since, and it may have been set back',
      '  event log: 7 events, which explain every register',
    ])
  })
  test('says that a certificate does, and which registers its log leaves open', () => {
    const claims: TpmClaims = {
      ...TPM,
      attestationKey: { ...TPM.attestationKey, boundBy: 'certificate' },
      eventLog: { events: 7, registers: [], unexplained: ['sha256 PCR 1', 'sha256 PCR 2'] },
    }
    const lines = said({ ...base, claims })
    expect(lines).toContain('  vouched for by certificate')
    expect(lines).toContain('  event log: 7 events, which say nothing of sha256 PCR 1, sha256 PCR 2')
  })
  test('begins with what an unbound key is worth', () => {
    const unbound = "WARNING: the quote is whole, and nothing shows that its key is a TPM's: it may be anything\n"
    const other = 'WARNING: it is genuine, and nobody said which code it may run\n'
    expect(explain({ ...base, claims: TPM, failed: failed('tpm.ak-bound') })).toMatch(unbound)
    expect(explain({ ...base, claims: TPM, failed: failed('policy.measurement') })).toMatch(other)
    expect(explain({ ...base, claims: TPM })).toMatch(other)
    expect(explain({ ...base, status: 'none', failed: failed('tpm.ak-bound') })).toMatch(/^NOT PROVED: /)
  })
})

const SNP: HclClaims['hardware'] = {
  format: 'sev-snp',
  rootSha256: 'aa',
  reportData: 'bb',
  measurement: 'dd',
  reportVersion: 3,
  guestSvn: 0,
  guestPolicy: '',
  guestPolicyNames: [],
  guestPolicyAbi: '',
  vmpl: 0,
  hasAuthorKey: false,
  reportId: '',
  reportIdMa: '',
  hostData: '',
  familyId: '',
  imageId: '',
  idKeyDigest: '',
  authorKeyDigest: '',
  platform: {
    product: 'Milan',
    chipId: '',
    signingKey: 'VCEK',
    platformInfo: '',
    platformInfoNames: [],
    currentFirmware: '',
    committedFirmware: '',
  },
}
const TDX: HclClaims['hardware'] = {
  format: 'tdx',
  rootSha256: 'aa',
  reportData: 'bb',
  quoteVersion: 4,
  mrTd: 'ee',
  rtmr0: '',
  rtmr1: '',
  rtmr2: '',
  rtmr3: '',
  mrSeam: '',
  mrConfigId: '',
  mrOwner: '',
  mrOwnerConfig: '',
  tdAttributes: '',
  tdAttributeNames: [],
  xfam: '',
  platform: { fmspc: '', pceId: '', ppid: '', cpuSvn: '', pceSvn: 0, teeTcbSvn: '' },
  paddingBytes: 0,
}
const HCL: HclClaims = {
  format: 'azure-hcl',
  rootSha256: 'aa',
  reportData: 'bb',
  hardware: SNP,
  quoteKey: { spkiSha256: 'cc', signature: 'RSASSA with SHA-256' },
  pcrs: {},
}

describe('an Azure machine in words', () => {
  test('says what vouches for the key of its TPM', () =>
    expect(said({ ...base, claims: HCL })).toEqual([
      'paravisor: AMD SEV-SNP on Milan, launch digest dd',
      '  it vouches for the key of its TPM: cc, RSASSA with SHA-256',
    ]))
  test('says it of the other hardware, with its secure boot and its log', () => {
    const eventLog = { events: 7, registers: [], unexplained: ['sha256 PCR 1'] }
    const claims: HclClaims = { ...HCL, hardware: TDX, secureBoot: true, eventLog }
    expect(said({ ...base, claims })).toEqual([
      'paravisor: Intel TDX, MRTD ee',
      '  it vouches for the key of its TPM: cc, RSASSA with SHA-256',
      '  it says that secure boot is on',
      '  event log: 7 events, which say nothing of sha256 PCR 1',
    ])
    expect(said({ ...base, claims: { ...HCL, secureBoot: false } })).toContain('  it says that secure boot is off')
  })
})

const NVIDIA: NvidiaClaims = {
  format: 'nvidia',
  rootSha256: 'aa',
  rimRootSha256: 'ab',
  reportData: 'bb',
  architecture: 'Hopper',
  hardwareModel: 'GH100 A01 GSP BROM',
  deviceSerial: '41',
  driverVersion: '550.90.07',
  vbiosVersion: '96.00.9f.00.01',
  chipSku: '882',
  project: 'G520',
  projectSku: '0200',
  nvdec0: 'disabled',
  protectedPcie: false,
  otherFields: [],
  gpuMeasurements: {},
  uncomparedMeasurements: [],
  revocation: 'good',
}
const GPU =
  'GPU: GH100 A01 GSP BROM, driver 550.90.07, VBIOS 96.00.9f.00.01; of the machine that asked it nothing is known'

describe('a report of a GPU in words', () => {
  test('says what it is, and that the rest of the machine is not in it', () => {
    expect(said({ ...base, claims: NVIDIA })).toEqual([GPU])
    expect(explain({ ...base, claims: NVIDIA })).toContain(
      'trust class: hardware: the GPU keeps whoever runs it out of its memory',
    )
    expect(explain({ ...base, claims: HCL })).toContain(
      'trust class: hardware: the machine keeps whoever runs it out of its memory',
    )
    expect(explain(base)).toContain('trust class: hardware: the machine keeps')
  })
  test('says that some certificate was vouched for by nobody', () =>
    expect(said({ ...base, claims: { ...NVIDIA, revocation: 'incomplete' } })).toEqual([
      GPU,
      'revocation: not every certificate was vouched for, and the policy lets that pass',
    ]))
  test('begins with what a device alone is worth', () => {
    expect(explain({ ...base, claims: NVIDIA, failed: failed('nvidia.host') })).toMatch(
      'WARNING: it is genuine, and of a device alone: no keys can rest on it\n',
    )
    expect(explain({ ...base, claims: NVIDIA })).toMatch(
      'WARNING: it is genuine, and nobody said which code it may run\n',
    )
  })
})
