import { fromHex, type JsonObject } from '@blindai/core'
import { MOCK_TPM_PCRS } from '@blindai/simulator'
import { describe, expect, test } from 'vitest'
import { explain } from '../src/index.ts'
import { claims, type Hardware, judgeHclDocument } from './support/hcl-mock.ts'
import { TLS_KEY } from './support/mock.ts'
import { snpAuthority } from './support/snp-mock.ts'

const codes = async (hardware: Hardware): Promise<readonly string[]> =>
  (await judgeHclDocument({ hardware })).checks.map(({ code }) => code)

describe('a machine in the form of an Azure confidential one', () => {
  test('is affirmed on SEV-SNP, with the keys of its statement', async () => {
    const result = await judgeHclDocument({ options: { channel: { kind: 'tls', spkiSha256: TLS_KEY } } })
    expect(result, JSON.stringify(result.failed)).toMatchObject({
      status: 'affirming',
      trustClass: 'simulated',
      trustFlags: ['code'],
      claims: {
        format: 'simulated-azure-hcl',
        rootSha256: snpAuthority.rootSha256,
        hardware: { format: 'simulated-sev-snp', measurement: 'd5'.repeat(48), vmpl: 0 },
        quoteKey: { signature: 'RSASSA with SHA-384' },
        secureBoot: true,
        consoleEnabled: true,
        userData: '00'.repeat(64),
        pcrs: { sha256: MOCK_TPM_PCRS },
        release: 'test release',
      },
      tcb: { status: 'UpToDate' },
    })
    expect(result).toHaveProperty('channel')
  })
  test('is affirmed on TDX', async () => {
    const result = await judgeHclDocument({ hardware: 'tdx' })
    expect(result, JSON.stringify(result.failed)).toMatchObject({
      status: 'affirming',
      claims: { hardware: { format: 'simulated', mrTd: 'd0'.repeat(48) }, release: 'test release on TDX' },
      tcb: { status: 'UpToDate' },
    })
  })
  test('is affirmed when its TPM signs by RSASSA-PSS', async () => {
    const result = await judgeHclDocument({ pss: true })
    expect(result).toMatchObject({ status: 'affirming', claims: { quoteKey: { signature: 'RSAPSS with SHA-384' } } })
  })
  test('is affirmed with members in its claims that mean nothing here', async () => {
    expect(await judgeHclDocument({ changes: claims({ 'new-member': [1, { a: null }] }) })).toMatchObject({
      status: 'affirming',
    })
  })
  test('is affirmed without words on the machine, and the result has none', async () => {
    const bare = { claims: ({ keys = null }) => ({ keys }) }
    const result = await judgeHclDocument({ changes: bare })
    expect(result.status).toBe('affirming')
    for (const member of ['vmUniqueId', 'secureBoot', 'consoleEnabled', 'userData']) {
      expect(result.claims).not.toHaveProperty(member)
    }
  })
  test('is affirmed with a nonce, and is then fresh', async () => {
    const nonce = new Uint8Array(32).fill(1)
    expect(await judgeHclDocument({ nonce, options: { nonce } })).toMatchObject({
      status: 'affirming',
      freshness: 'nonce',
    })
  })
  test('says where the reference value is from that matched', async () => {
    const sourced = (source: string) => ({
      policy: ({ simulated, ...policy }: JsonObject): JsonObject => {
        const [snp] = Object(simulated).azureHclMeasurements
        return { ...policy, simulated: { ...Object(simulated), azureHclMeasurements: [{ ...snp, source }] } }
      },
    })
    expect(await judgeHclDocument(sourced('image'))).toMatchObject({
      status: 'affirming',
      trustFlags: ['code'],
      claims: { release: 'test release', releaseSource: 'image' },
    })
    expect(await judgeHclDocument(sourced('trust-on-first-use'))).toMatchObject({
      status: 'affirming',
      trustFlags: [],
      claims: { releaseSource: 'trust-on-first-use' },
    })
    expect((await judgeHclDocument()).claims).not.toHaveProperty('releaseSource')
  })
  test('is a warning without reference values', async () => {
    const result = await judgeHclDocument({
      policy: ({ simulated, ...policy }) => ({ ...policy, simulated: { rootSha256: Object(simulated).rootSha256 } }),
    })
    expect(result).toMatchObject({ status: 'warning', failed: { error: { code: 'MEASUREMENT_NOT_CHECKED' } } })
  })
  test('is not wanted by a reference value for SEV-SNP alone, whatever else agrees', async () => {
    const result = await judgeHclDocument({
      hardware: 'tdx',
      policy: ({ simulated, ...policy }) => {
        const [snp] = Object(simulated).azureHclMeasurements
        return { ...policy, simulated: { ...Object(simulated), azureHclMeasurements: [snp] } }
      },
    })
    expect(result).toMatchObject({
      status: 'contraindicated',
      failed: { error: { code: 'MEASUREMENT_MISMATCH', details: { register: 'measurement', actual: '(absent)' } } },
    })
  })
  test('is checked by the rules of its hardware and by no others', async () => {
    const [snp, tdx] = [await codes('snp'), await codes('tdx')]
    expect(
      snp.filter((code) => /^(?:dcap|tdx)\.|^hcl\.td-report|^policy\.(?:tcb-status|advisories)/.test(code)),
    ).toEqual([])
    expect(tdx.filter((code) => /^snp\.|^hcl\.paravisor|^policy\.(?:chip|product|id-key)/.test(code))).toEqual([])
    for (const all of [snp, tdx]) {
      expect(all).toEqual(expect.arrayContaining(['hcl.runtime-claims', 'tpm.quote-signature', 'tpm.pcr-digest']))
    }
    expect(snp).toContain('hcl.paravisor')
    expect(snp).not.toContain('snp.vmpl')
    expect(tdx).toContain('hcl.td-report')
  })
  test('is explained with its paravisor and the key that it vouches for', async () => {
    const text = explain(await judgeHclDocument())
    expect(text).toContain(`paravisor: AMD SEV-SNP on Milan, launch digest ${'d5'.repeat(48)}`)
    expect(text).toMatch(/it vouches for the key of its TPM: [0-9a-f]{64}, RSASSA with SHA-384/)
    expect(text).toContain('it says that secure boot is on')
    const tdx = explain(await judgeHclDocument({ hardware: 'tdx' }))
    expect(tdx).toContain(`paravisor: Intel TDX, MRTD ${'d0'.repeat(48)}`)
  })
  test('carries the hash of its report data, not the data', async () => {
    const { claims: said } = await judgeHclDocument()
    expect(fromHex('report data', said?.reportData ?? '').byteLength).toBe(32)
  })
})
