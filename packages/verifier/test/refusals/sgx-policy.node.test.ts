import { fromHex, type JsonObject } from '@blindai/core'
import { authority, SGX_REFERENCE } from '../support/mock.ts'
import { everyLevel, flip, type Refusal, refuse } from '../support/refusal.ts'

const attributes = (text: string): Refusal['changes'] & object => ({
  enclaveReport: (r) => ({ ...r, attributes: fromHex('ATTRIBUTES', text) }),
})
const miscSelect = (value: number): Refusal['changes'] & object => ({
  enclaveReport: (r) => ({ ...r, miscSelect: value }),
})
const sgx =
  (members: JsonObject): Refusal['policy'] & object =>
  (policy) => ({ ...policy, sgx: members })
const references =
  (...items: readonly object[]): Refusal['policy'] & object =>
  (policy) => ({
    ...policy,
    simulated: {
      rootSha256: [authority.rootSha256],
      sgxMeasurements: items.map((item) => ({ ...SGX_REFERENCE, ...item }) as JsonObject),
    },
  })
const zeros = (bytes: number): string => '00'.repeat(bytes)

refuse(
  'an SGX enclave that is genuine and not wanted',
  'contraindicated',
  [
    ...(
      [
        'ConfigurationNeeded',
        'ConfigurationAndSWHardeningNeeded',
        'OutOfDate',
        'OutOfDateConfigurationNeeded',
        'Revoked',
      ] as const
    ).map(
      (status): Refusal => ({
        code: 'TCB_STATUS_NOT_ACCEPTED',
        check: 'policy.tcb-status',
        why: `a platform whose level is ${status}`,
        changes: { tcbInfo: (i) => everyLevel(i, { tcbStatus: status }) },
        details: { actual: status },
      }),
    ),
    {
      code: 'TCB_STATUS_NOT_ACCEPTED',
      check: 'policy.tcb-status',
      why: 'a quoting enclave that is out of date on a platform that is up to date',
      changes: { qeIdentity: (i) => everyLevel(i, { tcbStatus: 'OutOfDate' }) },
      details: { actual: 'OutOfDate' },
    },
    {
      code: 'TCB_STATUS_NOT_ACCEPTED',
      check: 'policy.tcb-status',
      why: 'a quoting enclave that is revoked',
      changes: { qeIdentity: (i) => everyLevel(i, { tcbStatus: 'Revoked' }) },
      details: { actual: 'Revoked' },
    },
    {
      code: 'TCB_STATUS_NOT_ACCEPTED',
      check: 'policy.tcb-status',
      why: 'a platform that reaches only the lower level',
      changes: { pckPlatform: (p) => ({ ...p, pceSvn: p.pceSvn - 1 }) },
      details: { actual: 'OutOfDate' },
    },
    {
      code: 'TCB_DATE_TOO_OLD',
      check: 'policy.tcb-date',
      why: 'a TCB of before the date that the policy names',
      policy: sgx({ minimumTcbDate: '2026-11-02' }),
    },
    {
      code: 'ADVISORY_DENIED',
      check: 'policy.advisories',
      why: 'an advisory that the policy denies',
      changes: { tcbInfo: (i) => everyLevel(i, { advisoryIDs: ['INTEL-SA-00001'] }) },
      policy: sgx({ advisories: { deny: ['INTEL-SA-00001'] } }),
      details: { advisory: 'INTEL-SA-00001' },
    },
    {
      code: 'ADVISORY_NOT_ALLOWED',
      check: 'policy.advisories',
      why: 'an advisory of the quoting enclave that is not among those allowed',
      changes: { qeIdentity: (i) => everyLevel(i, { advisoryIDs: ['INTEL-SA-00002'] }) },
      policy: sgx({ advisories: { allow: ['INTEL-SA-00001'] } }),
      details: { advisory: 'INTEL-SA-00002' },
    },
    {
      code: 'EVIDENCE_AGE_UNKNOWN',
      check: 'policy.evidence-age',
      why: 'cached evidence when the policy limits its age',
      policy: (p) => ({ ...p, maximumEvidenceAgeSeconds: 60 }),
    },
    {
      code: 'SGX_DEBUG',
      check: 'sgx.debug',
      why: 'an enclave in debug mode',
      changes: attributes('0700000000000000e700000000000000'),
      details: { attributes: '0700000000000000e700000000000000' },
    },
    {
      code: 'SGX_NOT_INITIALIZED',
      check: 'sgx.initialized',
      why: 'an enclave that was never initialized',
      changes: attributes('0400000000000000e700000000000000'),
    },
    {
      code: 'SGX_ATTRIBUTE_RESERVED',
      check: 'sgx.attributes',
      why: 'an enclave with a reserved attribute',
      changes: attributes('0d00000000000000e700000000000000'),
      details: { bit: 3 },
    },
    {
      code: 'SGX_ATTRIBUTE_NOT_ALLOWED',
      check: 'sgx.attributes',
      why: 'an enclave that has the provisioning key',
      changes: attributes('1500000000000000e700000000000000'),
      details: { attribute: 'PROVISION_KEY', bit: 4 },
    },
    {
      code: 'SGX_ATTRIBUTE_NOT_ALLOWED',
      check: 'sgx.attributes',
      why: 'an enclave that has the key for launch tokens',
      changes: attributes('2500000000000000e700000000000000'),
      details: { attribute: 'EINITTOKEN_KEY', bit: 5 },
    },
    {
      code: 'SGX_ATTRIBUTE_NOT_ALLOWED',
      check: 'sgx.attributes',
      why: 'an attribute that this policy leaves out',
      changes: attributes('8500000000000000e700000000000000'),
      policy: sgx({ allowedAttributes: ['MODE64BIT'] }),
      details: { attribute: 'KSS', bit: 7 },
    },
    {
      code: 'SGX_ATTRIBUTE_REQUIRED',
      check: 'sgx.attributes',
      why: '64-bit code that was started as 32-bit',
      changes: attributes('0100000000000000e700000000000000'),
      details: { attribute: 'MODE64BIT', bit: 2 },
    },
    {
      code: 'SGX_ATTRIBUTE_REQUIRED',
      check: 'sgx.attributes',
      why: 'an enclave without an attribute that the policy requires',
      policy: sgx({ requiredAttributes: ['CET'] }),
      details: { attribute: 'CET', bit: 6 },
    },
    {
      code: 'SGX_XFRM_RESERVED',
      check: 'sgx.xfrm',
      why: 'processor state that is not known',
      changes: attributes('0500000000000000e701000000000000'),
      details: { bit: 8 },
    },
    {
      code: 'SGX_XFRM_REQUIRED',
      check: 'sgx.xfrm',
      why: 'an enclave without SSE',
      changes: attributes('0500000000000000e500000000000000'),
      details: { feature: 'SSE', bit: 1 },
    },
    {
      code: 'SGX_MISCSELECT_RESERVED',
      check: 'sgx.misc-select',
      why: 'a reserved bit of MISCSELECT',
      changes: miscSelect(0x8000_0000),
      details: { bit: 31 },
    },
    {
      code: 'SGX_MISCSELECT_NOT_ALLOWED',
      check: 'sgx.misc-select',
      why: 'exceptions shown to an enclave that is not to see them',
      changes: miscSelect(1),
      policy: sgx({ allowedMiscSelect: ['CPINFO'] }),
      details: { name: 'EXINFO', bit: 0 },
    },
    ...(['mrEnclave', 'mrSigner'] as const).map(
      (register): Refusal => ({
        code: 'MEASUREMENT_MISMATCH',
        check: 'policy.measurement',
        why: `one bit of ${register}`,
        changes: { enclaveReport: (r) => ({ ...r, [register]: flip(r[register], 0) }) },
        details: { reference: 'test enclave', register, expected: SGX_REFERENCE[register], differing: [register] },
      }),
    ),
    {
      code: 'MEASUREMENT_MISMATCH',
      check: 'policy.measurement',
      why: 'another product of the signer',
      changes: { enclaveReport: (r) => ({ ...r, isvProdId: 8 }) },
      details: { register: 'isvProdId', expected: '7', actual: '8' },
    },
    {
      code: 'MEASUREMENT_MISMATCH',
      check: 'policy.measurement',
      why: 'an older version of the product',
      changes: { enclaveReport: (r) => ({ ...r, isvSvn: 2 }) },
      details: { register: 'isvSvn', expected: 'at least 3', actual: '2', differing: ['isvSvn'] },
    },
    ...(
      [
        ['configId', '11'.repeat(64), zeros(64)],
        ['isvFamilyId', '22'.repeat(16), zeros(16)],
        ['isvExtProdId', '33'.repeat(16), zeros(16)],
      ] as const
    ).map(
      ([register, expected, actual]): Refusal => ({
        code: 'MEASUREMENT_MISMATCH',
        check: 'policy.measurement',
        why: `another ${register}, which the reference value names besides`,
        policy: references({ [register]: expected }),
        details: { register, expected, actual },
      }),
    ),
    {
      code: 'MEASUREMENT_MISMATCH',
      check: 'policy.measurement',
      why: 'an older version of the configuration',
      policy: references({ minimumConfigSvn: 1 }),
      details: { register: 'configSvn', expected: 'at least 1', actual: '0' },
    },
  ],
  'sgx',
)
