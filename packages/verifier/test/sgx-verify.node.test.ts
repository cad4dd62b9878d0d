import type { JsonObject } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { type AttestationResult, explain } from '../src/index.ts'
import { authority, judge, SGX_POLICY, SGX_REFERENCE, STATEMENT, type Wrong } from './support/mock.ts'
import { everyLevel, tdx } from './support/refusal.ts'

const judgeSgx = (wrong: Wrong = {}): Promise<AttestationResult> => judge(wrong, 'sgx')
const { mrEnclave, mrSigner, isvProdId, minimumIsvSvn, ...head } = SGX_REFERENCE
const signer = { mrSigner, isvProdId, minimumIsvSvn }
const references =
  (...items: readonly JsonObject[]) =>
  (policy: JsonObject): JsonObject => ({
    ...policy,
    simulated: { rootSha256: [authority.rootSha256], sgxMeasurements: items },
  })

describe('a document of a simulated enclave that the policy names', () => {
  test('is affirming, of class simulated, and carries the keys', async () => {
    const result = await judgeSgx()
    expect(result.failed).toBeUndefined()
    expect(result).toMatchObject({
      status: 'affirming',
      trustClass: 'simulated',
      trustFlags: ['code'],
      channel: { tls: STATEMENT.keyset.tls, ohttp: STATEMENT.keyset.ohttp },
      claims: { format: 'simulated-sgx', mrEnclave, mrSigner, isvProdId, isvSvn: 3, release: 'test enclave' },
      tcb: { status: 'UpToDate', gaps: [] },
    })
    expect(explain(result)).toContain('the reviewed release "test enclave"')
  })
  test('has the checks of SGX and none of another technology', async () => {
    const codes = (await judgeSgx()).checks.map(({ code }) => code)
    expect(codes.filter((code) => /^(tdx|snp|nitro)\./.test(code))).toEqual([])
    expect(codes.filter((code) => code.startsWith('sgx.'))).toEqual([
      'sgx.quote-signature',
      'sgx.tcb',
      'sgx.debug',
      'sgx.initialized',
      'sgx.attributes',
      'sgx.xfrm',
      'sgx.misc-select',
    ])
  })
  test('may be named by its measurement alone, or by its signer alone', async () => {
    for (const reference of [
      { ...head, mrEnclave },
      { ...head, ...signer },
    ]) {
      expect(await judgeSgx({ policy: references(reference) })).toMatchObject({ status: 'affirming' })
    }
  })
  test('may be of a later version than the least that its signer is believed for', async () => {
    const changes: Wrong['changes'] = { enclaveReport: (report) => ({ ...report, isvSvn: 4 }) }
    expect(await judgeSgx({ changes })).toMatchObject({ status: 'affirming', claims: { isvSvn: 4 } })
  })
  test('matches one of several reference values', async () => {
    const other = { ...head, name: 'other', mrEnclave: '00'.repeat(32) }
    const result = await judgeSgx({ policy: references(other, { ...head, mrEnclave }) })
    expect(result).toMatchObject({ status: 'affirming', claims: { release: 'test enclave' } })
  })
  test('shows that the other registers were named and matched', async () => {
    const reference = {
      ...head,
      mrEnclave,
      configId: '00'.repeat(64),
      minimumConfigSvn: 0,
      isvFamilyId: '00'.repeat(16),
    }
    const { checks } = await judgeSgx({ policy: references({ ...reference, isvExtProdId: '00'.repeat(16) }) })
    expect(checks).toContainEqual(expect.objectContaining({ code: 'policy.optional-registers', status: 'passed' }))
  })
  test('is a warning without reference values, and carries no key', async () => {
    const result = await judgeSgx({ policy: references() })
    expect(result).toMatchObject({ status: 'warning', failed: { error: { code: 'MEASUREMENT_NOT_CHECKED' } } })
    expect(result).not.toHaveProperty('channel')
  })
  test('may have the provisioning key when the policy allows it', async () => {
    const changes: Wrong['changes'] = {
      enclaveReport: (report) => ({
        ...report,
        attributes: Uint8Array.from(report.attributes, (b, i) => (i ? b : b | 16)),
      }),
    }
    const policy = (p: JsonObject): JsonObject => ({ ...p, sgx: { allowedAttributes: ['MODE64BIT', 'PROVISION_KEY'] } })
    expect(await judgeSgx({ changes, policy })).toMatchObject({ status: 'affirming' })
  })
  test('may need hardened software, which is accepted unless the policy says otherwise', async () => {
    const changes: Wrong['changes'] = { tcbInfo: (info) => everyLevel(info, { tcbStatus: 'SWHardeningNeeded' }) }
    expect(await judgeSgx({ changes })).toMatchObject({ status: 'affirming', tcb: { status: 'SWHardeningNeeded' } })
    const policy = (p: JsonObject): JsonObject => ({ ...p, sgx: { acceptedTcbStatuses: ['UpToDate'] } })
    expect((await judgeSgx({ changes, policy })).failed).toMatchObject({ error: { code: 'TCB_STATUS_NOT_ACCEPTED' } })
  })
  test('is held to the policy of SGX and not to that of TDX', async () => {
    const changes: Wrong['changes'] = { tcbInfo: (info) => everyLevel(info, { tcbStatus: 'OutOfDate' }) }
    const accepted = { acceptedTcbStatuses: ['OutOfDate'] }
    expect(await judgeSgx({ changes, policy: tdx(accepted) })).toMatchObject({ status: 'contraindicated' })
    const policy = (p: JsonObject): JsonObject => ({ ...p, sgx: accepted })
    expect(await judgeSgx({ changes, policy })).toMatchObject({ status: 'affirming', tcb: { status: 'OutOfDate' } })
  })
  test('is not matched with the reference values of real enclaves', async () => {
    const { simulated } = SGX_POLICY
    const { sgxMeasurements: measurements, ...roots } = Object(simulated)
    const policy = (p: JsonObject): JsonObject => ({ ...p, simulated: roots, sgx: { measurements } })
    expect(await judgeSgx({ policy })).toMatchObject({ status: 'warning' })
  })
})
