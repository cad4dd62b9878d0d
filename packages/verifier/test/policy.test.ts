import type { JsonObject, JsonValue } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import schema from '../policy.schema.json' with { type: 'json' }
import {
  AWS_NITRO_ROOT_SHA256,
  DEFAULT_POLICY,
  INTEL_SGX_ROOT_SHA256,
  NVIDIA_DEVICE_ROOT_SHA256,
  NVIDIA_RIM_ROOT_SHA256,
  parsePolicy,
  TCB_EVALUATION_FLOORS,
} from '../src/index.ts'

const DIGEST = 'ab'.repeat(32)
const REGISTER = 'cd'.repeat(48)
const REFERENCE: JsonObject = {
  name: 'release 1',
  date: '2026-11-23',
  source: 'image',
  mrTd: REGISTER,
  rtmr0: REGISTER,
  rtmr1: REGISTER,
  rtmr2: REGISTER,
  rtmr3: REGISTER,
  mrSeam: REGISTER,
  mrConfigId: REGISTER,
  mrOwner: REGISTER,
  mrOwnerConfig: REGISTER,
  mrServiceTd: REGISTER,
}
const NITRO_REFERENCE: JsonObject = {
  name: 'release 1',
  date: '2026-11-23',
  source: 'image',
  pcr0: REGISTER,
  pcr1: REGISTER,
  pcr2: REGISTER,
  pcr3: REGISTER,
  pcr4: REGISTER,
  pcr8: REGISTER,
}
const SGX_REFERENCE: JsonObject = {
  name: 'release 1',
  date: '2026-11-23',
  source: 'image',
  mrEnclave: DIGEST,
  mrSigner: DIGEST,
  isvProdId: 1,
  minimumIsvSvn: 2,
  configId: 'ef'.repeat(64),
  minimumConfigSvn: 3,
  isvFamilyId: 'ef'.repeat(16),
  isvExtProdId: 'ef'.repeat(16),
}
const PLATFORMS: JsonObject = {
  fmspc: { allow: ['00606a000000'], deny: ['b0c06f000000'] },
  ppid: { allow: ['11'.repeat(16)], deny: ['22'.repeat(16)] },
  platformInstanceId: { allow: ['33'.repeat(16)], deny: ['44'.repeat(16)] },
}
const SGX: JsonObject = {
  measurements: [SGX_REFERENCE],
  acceptedTcbStatuses: ['UpToDate', 'ConfigurationNeeded'],
  minimumTcbEvaluationDataNumber: 17,
  minimumTcbDate: '2024-11-13',
  advisories: { allow: ['INTEL-SA-00001'], deny: ['INTEL-SA-00002'] },
  platforms: PLATFORMS,
  allowedAttributes: ['MODE64BIT', 'PROVISION_KEY'],
  requiredAttributes: ['MODE64BIT'],
  allowedMiscSelect: ['EXINFO'],
}
const SNP_REFERENCE: JsonObject = {
  name: 'release 1',
  date: '2026-11-23',
  source: 'image',
  measurement: REGISTER,
  hostData: DIGEST,
  idKeyDigest: REGISTER,
  authorKeyDigest: REGISTER,
  familyId: 'ef'.repeat(16),
  imageId: 'ef'.repeat(16),
}
const SEV_SNP: JsonObject = {
  measurements: [SNP_REFERENCE],
  products: ['Genoa', 'Turin'],
  signingKeys: ['VCEK', 'VLEK'],
  vlekProviders: ['CN=provider.example'],
  minimumTcb: {
    Milan: { reported: { snp: 24, microcode: 219 } },
    Genoa: { committed: { bootLoader: 10, tee: 0 } },
    Turin: { current: { fmc: 1 }, launch: { fmc: 1 } },
  },
  requireCrl: false,
  guestPolicy: {
    SMT: [false],
    MIGRATE_MA: [false, true],
    SINGLE_SOCKET: [true],
    CXL_ALLOW: [false],
    MEM_AES_256_XTS: [true],
    RAPL_DIS: [true],
    CIPHERTEXT_HIDING_DRAM: [true],
    PAGE_SWAP_DISABLE: [true],
  },
  vmpl: [0, 1],
  requiredPlatformInfo: ['ECC_EN'],
  allowedPlatformInfo: ['ECC_EN', 'ALIAS_CHECK_COMPLETE'],
  chipIds: { allow: ['11'.repeat(64)], deny: ['22'.repeat(64)] },
  idKeyDigests: [REGISTER],
  authorKeyDigests: [REGISTER],
  requiredMitigations: [1, 2],
  minimumGuestSvn: 3,
}
const TPM_REFERENCE = { name: 'boot', date: '2026-11-27', source: 'image', bank: 'sha256', pcrs: { 4: DIGEST } }
const TPM_KEY = { name: `000b${DIGEST}`, date: '2026-11-27', label: 'rack 7' }
const OTHER_DIGEST = 'ef'.repeat(32)
const PCRS: JsonObject = { 0: DIGEST, 4: DIGEST, 15: DIGEST, 17: DIGEST, 22: DIGEST }
const AZURE_SNP_REFERENCE: JsonObject = { ...SNP_REFERENCE, bank: 'sha256', pcrs: PCRS }
const AZURE_TDX_REFERENCE: JsonObject = { ...REFERENCE, name: 'release 2', bank: 'sha256', pcrs: PCRS }
const NVIDIA_REFERENCE: JsonObject = {
  name: 'R550',
  date: '2026-11-27',
  source: 'files',
  driverVersion: '550.90.07',
  vbiosVersion: '96.00.9f.00.01',
  chipSku: '882',
  project: '1010',
  projectSku: '0200',
}
const NVIDIA: JsonObject = {
  measurements: [NVIDIA_REFERENCE],
  requireOcsp: false,
  minimumDriverVersion: '550.54',
  minimumVbiosVersion: '96.00.88.00.00',
  protectedPcie: [false, true],
}
/** Every member that a policy can have. */
const FULL: JsonObject = {
  $schema: './policy.schema.json',
  version: 1,
  name: 'everything',
  trustClasses: ['hardware', 'measured-boot', 'simulated'],
  simulated: {
    rootSha256: [DIGEST],
    measurements: [REFERENCE],
    sgxMeasurements: [SGX_REFERENCE],
    sevSnpMeasurements: [SNP_REFERENCE],
    nitroMeasurements: [NITRO_REFERENCE],
    tpmMeasurements: [TPM_REFERENCE],
    azureHclMeasurements: [AZURE_SNP_REFERENCE, AZURE_TDX_REFERENCE],
    nvidiaMeasurements: [NVIDIA_REFERENCE],
  },
  tpm: {
    measurements: [TPM_REFERENCE],
    attestationKeys: [TPM_KEY],
    akRoots: [OTHER_DIGEST],
    cloudRoots: false,
    ekRoots: [OTHER_DIGEST],
  },
  nvidia: NVIDIA,
  nitro: { measurements: [NITRO_REFERENCE] },
  azureHcl: { measurements: [AZURE_SNP_REFERENCE, AZURE_TDX_REFERENCE] },
  tdx: {
    measurements: [REFERENCE],
    acceptedTcbStatuses: ['UpToDate', 'OutOfDate', 'TDRelaunchAdvised'],
    minimumTcbEvaluationDataNumber: 17,
    minimumTcbDate: '2024-11-13',
    advisories: { allow: ['INTEL-SA-00001'], deny: ['INTEL-SA-00002'] },
    platforms: PLATFORMS,
    allowedAttributes: ['SEPT_VE_DISABLE', 'PKS'],
    requiredAttributes: ['SEPT_VE_DISABLE'],
  },
  sgx: SGX,
  sevSnp: SEV_SNP,
  config: {
    isolation: ['full'],
    keySource: ['ephemeral'],
    unattestedClients: [false],
    legacyListeners: [false],
    crossTenantBatching: [false],
    sharedEngines: [false],
    peers: ['a'],
    credentials: [DIGEST],
    digest: [DIGEST],
  },
  softwareDigests: [DIGEST],
  maximumEvidenceAgeSeconds: 3600,
  models: [{ name: 'spam', sha256: DIGEST }],
  requirePostQuantum: true,
}

describe('the default policy', () => {
  test('accepts hardware only, names no reference value, and keeps the dated floor', () => {
    expect(DEFAULT_POLICY).toMatchObject({
      trustClasses: ['hardware'],
      tdx: {
        measurements: [],
        acceptedTcbStatuses: ['UpToDate', 'SWHardeningNeeded'],
        minimumTcbEvaluationDataNumber: TCB_EVALUATION_FLOORS.tdx,
        requiredAttributes: [],
      },
      requirePostQuantum: false,
    })
    expect(DEFAULT_POLICY).not.toHaveProperty('simulated')
  })
  test('wants of SGX what it wants of TDX, code in 64-bit mode, and neither of the keys of the host', () => {
    expect(DEFAULT_POLICY.sgx).toEqual({
      measurements: [],
      acceptedTcbStatuses: ['UpToDate', 'SWHardeningNeeded'],
      minimumTcbEvaluationDataNumber: TCB_EVALUATION_FLOORS.sgx,
      advisories: { deny: [] },
      platforms: { fmspc: { deny: [] }, ppid: { deny: [] }, platformInstanceId: { deny: [] } },
      allowedAttributes: ['MODE64BIT', 'CET', 'KSS', 'AEXNOTIFY'],
      requiredAttributes: ['MODE64BIT'],
      allowedMiscSelect: ['EXINFO', 'CPINFO'],
    })
  })
  test('wants of a GPU a responder for every certificate, and protected PCIe off', () => {
    expect(DEFAULT_POLICY.nvidia).toEqual({ measurements: [], requireOcsp: true, protectedPcie: [false] })
  })
  test('allows no attribute that opens a trust domain to its host', () => {
    for (const attribute of ['DEBUG', 'HGS_PLUS_PROF', 'PERF_PROF', 'PMT_PROF', 'MIGRATABLE']) {
      expect(DEFAULT_POLICY.tdx.allowedAttributes).not.toContain(attribute)
    }
  })
})

describe('a policy', () => {
  test('with every member is read from text, bytes and value alike', () => {
    const policy = parsePolicy(FULL)
    expect(policy.tdx).toMatchObject({ minimumTcbEvaluationDataNumber: 17, minimumTcbDate: 1_731_456_000 })
    expect(parsePolicy(JSON.stringify(FULL))).toEqual(policy)
    expect(parsePolicy(new TextEncoder().encode(JSON.stringify(FULL)))).toEqual(policy)
  })
  test('cannot be changed once it is parsed', () => {
    const policy = parsePolicy(FULL)
    expect(() => Object.assign(policy.tdx, { minimumTcbEvaluationDataNumber: 0 })).toThrow(TypeError)
  })
  test('that names a simulated root accepts the class simulated, beside hardware', () => {
    const policy = parsePolicy({ version: 1, name: 'n', simulated: { rootSha256: [DIGEST] } })
    expect(policy.trustClasses).toEqual(['hardware', 'simulated'])
  })
  test('is written in either case of hexadecimal, and kept in lower case', () => {
    const policy = parsePolicy({ version: 1, name: 'n', simulated: { rootSha256: [DIGEST.toUpperCase()] } })
    expect(policy.simulated?.rootSha256).toEqual([DIGEST])
  })
})

/** A policy with one value replaced; `undefined` removes it. */
function changed(path: readonly (string | number)[], value: JsonValue | undefined): JsonValue {
  const copy: JsonValue = JSON.parse(JSON.stringify(FULL))
  const parents = path.slice(0, -1)
  const owner = parents.reduce<Record<string, unknown>>((at, key) => at[key] as Record<string, unknown>, copy as never)
  const last = String(path.at(-1))
  if (value === undefined) delete owner[last]
  else owner[last] = value
  return copy
}

describe('a policy is refused', () => {
  const cases: readonly (readonly [
    code: string,
    field: string,
    path: readonly (string | number)[],
    value: JsonValue | undefined,
  ])[] = [
    ['UNKNOWN_MEMBER', 'policy', ['allowSimulated'], true],
    ['UNKNOWN_MEMBER', 'policy.tdx', ['tdx', 'allowDebug'], true],
    ['UNKNOWN_MEMBER', 'policy.simulated', ['simulated', 'any'], true],
    ['UNKNOWN_MEMBER', 'policy.config', ['config', 'more'], ['x']],
    ['UNKNOWN_MEMBER', 'policy.tdx.advisories', ['tdx', 'advisories', 'ignore'], []],
    ['UNKNOWN_MEMBER', 'policy.tdx.measurements[0]', ['tdx', 'measurements', 0, 'rtmr4'], REGISTER],
    ['UNKNOWN_MEMBER', 'policy.nitro', ['nitro', 'allowDebug'], true],
    ['UNKNOWN_MEMBER', 'policy.nitro.measurements[0]', ['nitro', 'measurements', 0, 'pcr5'], REGISTER],
    ['MISSING_MEMBER', 'policy', ['name'], undefined],
    ['MISSING_MEMBER', 'policy', ['version'], undefined],
    ['MISSING_MEMBER', 'policy.simulated', ['simulated', 'rootSha256'], undefined],
    ['MISSING_MEMBER', 'policy.tdx.measurements[0]', ['tdx', 'measurements', 0, 'rtmr3'], undefined],
    ['MISSING_MEMBER', 'policy.nitro.measurements[0]', ['nitro', 'measurements', 0, 'pcr2'], undefined],
    ['WRONG_LENGTH', 'policy.nitro.measurements[0].pcr0', ['nitro', 'measurements', 0, 'pcr0'], DIGEST],
    ['UNKNOWN_MEMBER', 'policy.nvidia', ['nvidia', 'allowDevtools'], true],
    ['UNKNOWN_MEMBER', 'policy.nvidia.measurements[0]', ['nvidia', 'measurements', 0, 'boardId'], '882'],
    ['MISSING_MEMBER', 'policy.nvidia.measurements[0]', ['nvidia', 'measurements', 0, 'vbiosVersion'], undefined],
    [
      'WRONG_VALUE',
      'policy.nvidia.measurements[0].driverVersion',
      ['nvidia', 'measurements', 0, 'driverVersion'],
      '5x',
    ],
    ['WRONG_VALUE', 'policy.nvidia.measurements[0].chipSku', ['nvidia', 'measurements', 0, 'chipSku'], ''],
    ['WRONG_VALUE', 'policy.nvidia.minimumVbiosVersion', ['nvidia', 'minimumVbiosVersion'], '96.00.9F.00.01'],
    ['TOO_LONG', 'policy.nvidia.minimumDriverVersion', ['nvidia', 'minimumDriverVersion'], '5'.repeat(65)],
    ['WRONG_TYPE', 'policy.nvidia.requireOcsp', ['nvidia', 'requireOcsp'], 'no'],
    ['WRONG_TYPE', 'policy.nvidia.protectedPcie', ['nvidia', 'protectedPcie'], true],
    ['UNKNOWN_MEMBER', 'policy.sgx', ['sgx', 'allowDebug'], true],
    ['UNKNOWN_MEMBER', 'policy.sgx.measurements[0]', ['sgx', 'measurements', 0, 'isvSvn'], 1],
    ['MISSING_MEMBER', 'policy.sgx.measurements[0]', ['sgx', 'measurements', 0, 'mrSigner'], undefined],
    ['MISSING_MEMBER', 'policy.sgx.measurements[0]', ['sgx', 'measurements', 0, 'isvProdId'], undefined],
    ['MISSING_MEMBER', 'policy.sgx.measurements[0]', ['sgx', 'measurements', 0, 'minimumIsvSvn'], undefined],
    [
      'MISSING_MEMBER',
      'policy.sgx.measurements[0]',
      ['sgx', 'measurements'],
      [{ name: 'nothing', date: '2026-11-23', configId: 'ef'.repeat(64) }],
    ],
    ['WRONG_VALUE', 'policy.sgx.measurements[0].minimumIsvSvn', ['sgx', 'measurements', 0, 'minimumIsvSvn'], 65_536],
    ['WRONG_LENGTH', 'policy.sgx.measurements[0].mrEnclave', ['sgx', 'measurements', 0, 'mrEnclave'], 'abcd'],
    ['WRONG_VALUE', 'policy.sgx.acceptedTcbStatuses[0]', ['sgx', 'acceptedTcbStatuses'], ['Revoked']],
    ['WRONG_VALUE', 'policy.sgx.acceptedTcbStatuses[0]', ['sgx', 'acceptedTcbStatuses'], ['TDRelaunchAdvised']],
    ['WRONG_VALUE', 'policy.sgx.allowedAttributes[0]', ['sgx', 'allowedAttributes'], ['DEBUG']],
    ['WRONG_VALUE', 'policy.sgx.allowedMiscSelect[0]', ['sgx', 'allowedMiscSelect'], ['ALL']],
    ['WRONG_VALUE', 'policy.version', ['version'], 2],
    ['WRONG_VALUE', 'policy.trustClasses', ['trustClasses'], []],
    ['WRONG_VALUE', 'policy.trustClasses[0]', ['trustClasses'], ['none']],
    ['WRONG_VALUE', 'policy.trustClasses', ['trustClasses'], ['hardware', 'hardware']],
    ['WRONG_TYPE', 'policy.simulated', ['simulated'], true],
    ['WRONG_LENGTH', 'policy.simulated.rootSha256[0]', ['simulated', 'rootSha256'], ['abcd']],
    ['NOT_HEX', 'policy.tdx.measurements[0].mrTd', ['tdx', 'measurements', 0, 'mrTd'], 'any'],
    ['WRONG_VALUE', 'policy.tdx.acceptedTcbStatuses[0]', ['tdx', 'acceptedTcbStatuses'], ['Revoked']],
    ['WRONG_VALUE', 'policy.tdx.allowedAttributes[0]', ['tdx', 'allowedAttributes'], ['DEBUG']],
    ['WRONG_VALUE', 'policy.tdx.minimumTcbDate', ['tdx', 'minimumTcbDate'], '13.11.2024'],
    ['WRONG_TYPE', 'policy.tdx.minimumTcbEvaluationDataNumber', ['tdx', 'minimumTcbEvaluationDataNumber'], 17.5],
    ['WRONG_TYPE', 'policy.config.unattestedClients', ['config', 'unattestedClients'], false],
    ['WRONG_TYPE', 'policy.config.unattestedClients[0]', ['config', 'unattestedClients'], ['false']],
    ['WRONG_VALUE', 'policy.maximumEvidenceAgeSeconds', ['maximumEvidenceAgeSeconds'], 0],
    ['WRONG_TYPE', 'policy.requirePostQuantum', ['requirePostQuantum'], 'yes'],
    ['POLICY_CLASS_WITHOUT_ROOT', '', ['simulated'], undefined],
    ['POLICY_HARDWARE_ROOT_SIMULATED', '', ['simulated', 'rootSha256'], [INTEL_SGX_ROOT_SHA256]],
    ['POLICY_HARDWARE_ROOT_SIMULATED', '', ['simulated', 'rootSha256'], [AWS_NITRO_ROOT_SHA256]],
    ['POLICY_HARDWARE_ROOT_SIMULATED', '', ['simulated', 'rootSha256'], [NVIDIA_DEVICE_ROOT_SHA256]],
    ['POLICY_HARDWARE_ROOT_SIMULATED', '', ['simulated', 'rootSha256'], [NVIDIA_RIM_ROOT_SHA256]],
    [
      'POLICY_DUPLICATE_REFERENCE',
      'policy.simulated.nvidiaMeasurements',
      ['simulated', 'nvidiaMeasurements'],
      [NVIDIA_REFERENCE, NVIDIA_REFERENCE],
    ],
    [
      'POLICY_DUPLICATE_REFERENCE',
      'policy.simulated.nitroMeasurements',
      ['simulated', 'nitroMeasurements'],
      [NITRO_REFERENCE, NITRO_REFERENCE],
    ],
    [
      'POLICY_DUPLICATE_REFERENCE',
      'policy.simulated.sgxMeasurements',
      ['simulated', 'sgxMeasurements'],
      [SGX_REFERENCE, SGX_REFERENCE],
    ],
    ['POLICY_CONTRADICTION', 'policy.sgx.requiredAttributes', ['sgx', 'requiredAttributes'], ['CET']],
    ['POLICY_CONTRADICTION', 'policy.sgx.requiredAttributes', ['sgx'], { allowedAttributes: ['KSS'] }],
    ['POLICY_CONTRADICTION', 'policy.sgx.advisories.allow', ['sgx', 'advisories', 'deny'], ['INTEL-SA-00001']],
    ['POLICY_DUPLICATE_REFERENCE', 'policy.tdx.measurements', ['tdx', 'measurements'], [REFERENCE, REFERENCE]],
    ['POLICY_CONTRADICTION', 'policy.tdx.advisories.allow', ['tdx', 'advisories', 'deny'], ['INTEL-SA-00001']],
    ['UNKNOWN_MEMBER', 'policy.tdx.platforms', ['tdx', 'platforms', 'chip'], {}],
    ['UNKNOWN_MEMBER', 'policy.sgx.platforms.ppid', ['sgx', 'platforms', 'ppid', 'ignore'], []],
    ['TOO_LONG', 'policy.tdx.platforms.fmspc.allow[0]', ['tdx', 'platforms', 'fmspc', 'allow'], ['11'.repeat(16)]],
    ['WRONG_LENGTH', 'policy.sgx.platforms.ppid.deny[0]', ['sgx', 'platforms', 'ppid', 'deny'], ['11'.repeat(6)]],
    [
      'POLICY_CONTRADICTION',
      'policy.tdx.platforms.ppid.allow',
      ['tdx', 'platforms', 'ppid', 'deny'],
      ['11'.repeat(16)],
    ],
    ['UNKNOWN_MEMBER', 'policy.models[0]', ['models', 0, 'version'], 1],
    ['MISSING_MEMBER', 'policy.models[0]', ['models', 0, 'sha256'], undefined],
    ['WRONG_LENGTH', 'policy.models[0].sha256', ['models', 0, 'sha256'], 'abcd'],
    [
      'POLICY_DUPLICATE_REFERENCE',
      'policy.models',
      ['models'],
      [
        { name: 'spam', sha256: DIGEST },
        { name: 'spam', sha256: '12'.repeat(32) },
      ],
    ],
    ['POLICY_CONTRADICTION', 'policy.tdx.requiredAttributes', ['tdx', 'requiredAttributes'], ['KL']],
  ]
  for (const [code, field, path, value] of cases) {
    test(`${code}: ${path.join('.')} ${value === undefined ? 'is absent' : `is ${JSON.stringify(value).slice(0, 40)}`}`, () => {
      const details = field === '' ? expect.anything() : expect.objectContaining({ field })
      expect(() => parsePolicy(changed(path, value))).toThrowError(expect.objectContaining({ code, details }))
    })
  }
  test('DUPLICATE_MEMBER: a member twice', () => {
    expect(() => parsePolicy('{"version":1,"name":"a","name":"b"}')).toThrowError(
      expect.objectContaining({ code: 'DUPLICATE_MEMBER' }),
    )
  })
  test('TOO_LONG: more than a mebibyte', () => {
    expect(() => parsePolicy(`"${'x'.repeat(1_048_576)}"`)).toThrowError(expect.objectContaining({ code: 'TOO_LONG' }))
  })
})

describe('the JSON schema', () => {
  const { $defs: definitions } = schema
  const members = (definition: { properties: object }): string[] => Object.keys(definition.properties).sort()
  test('names exactly the members that the parser knows', () => {
    const object = (value: JsonValue | undefined): string[] => Object.keys(value as JsonObject).sort()
    expect(members(schema)).toEqual(object(FULL))
    expect(members(definitions.simulated)).toEqual(object(FULL.simulated))
    expect(members(definitions.tdx)).toEqual(object(FULL.tdx))
    expect(members(definitions.sgx)).toEqual(object(SGX))
    expect(members(definitions.sgxReference)).toEqual(object(SGX_REFERENCE))
    expect(members(definitions.sevSnp)).toEqual(object(SEV_SNP))
    expect(members(definitions.snpReference)).toEqual(object(SNP_REFERENCE))
    expect(members(definitions.guestPolicy)).toEqual(object(SEV_SNP.guestPolicy))
    expect(members(definitions.minimumTcb)).toEqual(object(SEV_SNP.minimumTcb))
    expect(members(definitions.chipIds)).toEqual(object(SEV_SNP.chipIds))
    expect(members(definitions.config)).toEqual(object(FULL.config))
    expect(members(definitions.reference)).toEqual(object(REFERENCE))
    expect(members(definitions.nitro)).toEqual(object(FULL.nitro))
    expect(members(definitions.nitroReference)).toEqual(object(NITRO_REFERENCE))
    expect(members(definitions.tpm)).toEqual(object(FULL.tpm))
    expect(members(definitions.tpmReference)).toEqual(object(TPM_REFERENCE))
    expect(members(definitions.tpmAttestationKey)).toEqual(object(TPM_KEY))
    expect(members(definitions.azureHcl)).toEqual(object(FULL.azureHcl))
    expect(members(definitions.azureSnpReference)).toEqual(object(AZURE_SNP_REFERENCE))
    expect(members(definitions.azureTdxReference)).toEqual(object(AZURE_TDX_REFERENCE))
    expect(members(definitions.nvidia)).toEqual(object(NVIDIA))
    expect(members(definitions.nvidiaReference)).toEqual(object(NVIDIA_REFERENCE))
    expect(members(definitions.platforms)).toEqual(object(PLATFORMS))
    expect(members(definitions.fmspcs)).toEqual(['allow', 'deny'])
    expect(members(definitions.platformIds)).toEqual(['allow', 'deny'])
    expect(members(definitions.model)).toEqual(['name', 'sha256'])
    expect(members(definitions.advisories)).toEqual(['allow', 'deny'])
  })
  test('leaves no object open', () => {
    for (const definition of [schema, ...Object.values(definitions).filter((one) => 'properties' in one)]) {
      expect(definition).toHaveProperty('additionalProperties', false)
    }
  })
  test('lets an Azure reference value name the registers that the parser knows', () => {
    const [pattern = ''] = Object.keys(definitions.sha256Pcrs.patternProperties)
    for (let pcr = 0; pcr < 25; pcr++) {
      const path = ['azureHcl', 'measurements', 0, 'pcrs', String(pcr)] as const
      const parse = (): unknown => parsePolicy(changed(path, DIGEST))
      if (new RegExp(pattern).test(String(pcr))) expect(parse, `PCR ${pcr}`).not.toThrow()
      else expect(parse, `PCR ${pcr}`).toThrowError(expect.objectContaining({ code: 'UNKNOWN_MEMBER' }))
    }
  })
  test('requires what the parser requires', () => {
    expect(schema.required).toEqual(['version', 'name'])
    for (const [member, { required }] of [
      ['tdx', definitions.reference],
      ['nitro', definitions.nitroReference],
      ['tpm', definitions.tpmReference],
      ['azureHcl', definitions.azureHclReference],
      ['nvidia', definitions.nvidiaReference],
    ] as const) {
      for (const name of required) {
        expect(() => parsePolicy(changed([member, 'measurements', 0, name], undefined))).toThrowError(
          expect.objectContaining({ code: 'MISSING_MEMBER' }),
        )
      }
    }
  })
})
