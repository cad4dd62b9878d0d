import { constants, sign } from 'node:crypto'
import { toBase64Url } from '@blindai/core'
import { createMockTpmAuthority, generateKeyPair, generateRsaKeyPair } from '@blindai/simulator'
import { describe, expect, test } from 'vitest'
import { type TpmSignature, verifyTpmSignature } from '../src/formats/tpm/signature.ts'
import { exitCode, explain, parsePolicy, verifyEvidence } from '../src/index.ts'
import { NOW } from './support/mock.ts'
import { judgeTpm, TPM_POLICY, tpm, tpmAuthority } from './support/tpm-mock.ts'

const rsa = generateRsaKeyPair(2048)
const other = createMockTpmAuthority({ now: NOW })

describe('the quote of a TPM is accepted', () => {
  test('when its key is certified by an authority of the policy, as measured boot', async () => {
    const result = await judgeTpm()
    expect(result, JSON.stringify(result.failed)).toMatchObject({
      status: 'affirming',
      trustClass: 'measured-boot',
      trustFlags: ['code'],
      claims: {
        format: 'tpm',
        rootSha256: tpmAuthority.rootSha256,
        attestationKey: {
          name: tpmAuthority.akName,
          boundBy: 'certificate',
          attributeNames: ['fixedTPM', 'fixedParent', 'sensitiveDataOrigin', 'userWithAuth', 'restricted', 'sign'],
          signature: 'ECDSA with SHA-256',
        },
        firmwareVersion: '2024012500120000',
        clock: { milliseconds: '123456789', resetCount: 7, restartCount: 1, safe: true },
        pcrs: { sha256: { 4: 'a4'.repeat(32) } },
        release: 'test release',
      },
    })
  })
  test('when its key was enrolled, without a certificate', async () => {
    const attestationKeys = [{ name: tpmAuthority.akName, date: '2026-11-20', label: 'rack 7' }]
    const policy = tpm({ akRoots: [], attestationKeys })
    const result = await judgeTpm({ endorsements: () => undefined, policy })
    expect(result, JSON.stringify(result.failed)).toMatchObject({
      status: 'affirming',
      trustClass: 'measured-boot',
      claims: { attestationKey: { boundBy: 'policy' } },
    })
    expect(result.claims).not.toHaveProperty('rootSha256')
  })
  test('and tells the version of its firmware in 16 digits', async () => {
    const attest = <T extends object>(fields: T): T => ({ ...fields, firmwareVersion: 0x1_0002n })
    expect(await judgeTpm({ changes: { attest } })).toMatchObject({
      status: 'affirming',
      claims: { firmwareVersion: '0000000000010002' },
    })
  })
  test('when its root is simulated and the policy names it, as simulated', async () => {
    expect(await judgeTpm({}, 'simulated-tpm')).toMatchObject({ status: 'affirming', trustClass: 'simulated' })
  })
  for (const [name, maker] of [
    ['RSA with PKCS #1 v1.5', { keys: { ak: rsa } }],
    ['RSA with PSS', { keys: { ak: rsa }, pss: true }],
    ['P-384', { keys: { ak: generateKeyPair('P-384') } }],
    ['both banks of registers', { banks: { sha256: { 4: 'a4'.repeat(32) }, sha384: { 11: 'ab'.repeat(48) } } }],
  ] as const) {
    test(`when it is of ${name}`, async () => {
      const measurements = [{ name: 'r', date: '2026-11-20', pcrs: { 4: 'a4'.repeat(32) } }]
      const result = await judgeTpm({ maker, policy: tpm({ measurements }) })
      expect(result, JSON.stringify(result.failed)).toMatchObject({ status: 'affirming' })
    })
  }
})

describe('a signature of RSASSA-PSS', () => {
  const [message, field] = [new Uint8Array(100).fill(1), 'attestation key']
  const spki = new Uint8Array(rsa.publicKey.export({ type: 'spki', format: 'der' }))
  const signed = (saltLength: number): TpmSignature => {
    const how = { key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
    return { scheme: 'RSAPSS', hash: 'SHA-256', signature: new Uint8Array(sign('sha256', message, how)) }
  }
  test('has a salt as long as its hash, or as long as there was room, as TPMs of before revision 1.38', async () => {
    await verifyTpmSignature(field, { kind: 'RSA', spki }, signed(constants.RSA_PSS_SALTLEN_DIGEST), message)
    await verifyTpmSignature(field, { kind: 'RSA', spki }, signed(constants.RSA_PSS_SALTLEN_MAX_SIGN), message)
  })
  test('is refused when it is shorter than any', async () => {
    for (const length of [0, 1, 33, 65]) {
      const short: TpmSignature = { scheme: 'RSAPSS', hash: 'SHA-256', signature: new Uint8Array(length) }
      await expect(verifyTpmSignature(field, { kind: 'RSA', spki }, short, message), `${length}`).rejects.toThrowError(
        expect.objectContaining({ code: 'TPM_SIGNATURE_INVALID' }),
      )
    }
  })
  test('with a salt of another length is refused', async () => {
    await expect(verifyTpmSignature(field, { kind: 'RSA', spki }, signed(20), message)).rejects.toThrowError(
      expect.objectContaining({ code: 'TPM_SIGNATURE_INVALID' }),
    )
  })
})

describe('a quote whose key nobody vouches for', () => {
  const unbound = { endorsements: () => undefined }
  test('is a warning without a trust class, and its registers are not compared', async () => {
    const result = await judgeTpm({ ...unbound, policy: tpm({ akRoots: [] }) })
    expect(result).toMatchObject({
      status: 'warning',
      trustClass: 'none',
      trustFlags: [],
      failed: { code: 'tpm.ak-bound', status: 'skipped', error: { code: 'TPM_AK_NOT_CHECKED' } },
    })
    expect(result.checks).toContainEqual(expect.objectContaining({ code: 'policy.measurement', status: 'skipped' }))
    expect(result).not.toHaveProperty('channel')
    expect(result.claims).not.toHaveProperty('release')
    expect(result.claims).not.toHaveProperty('config')
    expect(explain(result)).toContain("nothing shows that its key is a TPM's")
    expect(exitCode(result)).toBe(30)
  })
  test('is one too when the policy names others, and says so', async () => {
    expect(await judgeTpm(unbound)).toMatchObject({
      status: 'warning',
      failed: { code: 'tpm.ak-bound', status: 'skipped', error: { code: 'TPM_AK_NOT_BOUND' } },
    })
  })
  test('is one too when the root of its certificate is of nobody', async () => {
    const result = await judgeTpm({ authority: other })
    expect(result).toMatchObject({ status: 'warning', failed: { code: 'tpm.ak-bound' } })
    expect(result.checks).toContainEqual(
      expect.objectContaining({
        code: 'tpm.ak-chain',
        status: 'skipped',
        error: expect.objectContaining({
          code: 'ROOT_NOT_TRUSTED',
          details: { format: 'tpm', rootSha256: other.rootSha256 },
        }),
      }),
    )
  })
  test('is one too when its endorsement key is certified, which says nothing of it', async () => {
    const { ekCertificate, ekChain } = other.endorsements
    const result = await judgeTpm({
      authority: other,
      endorsements: () => ({ type: 'tpm', ekCertificate, ekChain }),
      policy: tpm({ ekRoots: [other.rootSha256] }),
    })
    expect(result).toMatchObject({
      status: 'warning',
      trustClass: 'none',
      failed: { code: 'tpm.ak-bound' },
      claims: { ekRootSha256: other.rootSha256 },
    })
    expect(result.checks).toContainEqual(expect.objectContaining({ code: 'tpm.ek-chain', status: 'passed' }))
  })
  test('as bare evidence ends with 0 where nobody asked whose it is, and with 20 where somebody did', async () => {
    const bytes = tpmAuthority.quote(new Uint8Array(32))
    const judge = (members: object) =>
      verifyEvidence({ format: 'tpm', bytes }, parsePolicy({ version: 1, name: 'test', ...members }), { now: NOW })
    expect(exitCode(await judge({}))).toBe(0)
    expect(exitCode(await judge({ tpm: { akRoots: [other.rootSha256] } }))).toBe(20)
    expect(exitCode(await judge({ tpm: { attestationKeys: [{ name: other.akName, date: '2026-11-20' }] } }))).toBe(20)
  })
})

describe('an endorsement key', () => {
  test('is not asked for: one that has no certificate is passed over', async () => {
    const result = await judgeTpm({
      endorsements: ({ type, akCertificate, akChain }) => ({ type, akCertificate, akChain }),
      policy: tpm({ ekRoots: [other.rootSha256] }),
    })
    expect(result).toMatchObject({ status: 'affirming' })
    expect(result.claims).not.toHaveProperty('ekRootSha256')
    expect(result.checks).toContainEqual(expect.objectContaining({ code: 'tpm.ek-chain', status: 'skipped' }))
  })
  test('is not looked at when the policy names no authority of such', async () => {
    const result = await judgeTpm({
      endorsements: (all) => ({ ...all, ekCertificate: toBase64Url(other.certificates.ek) }),
    })
    expect(result).toMatchObject({ status: 'affirming' })
    expect(result.checks).toContainEqual(expect.objectContaining({ code: 'tpm.ek-chain', status: 'skipped' }))
  })
})

test('a policy that names the root of a software TPM as that of real ones is refused', () => {
  const { rootSha256 } = tpmAuthority
  const policy = {
    ...TPM_POLICY,
    trustClasses: ['measured-boot', 'simulated'],
    simulated: { rootSha256: [rootSha256] },
  }
  expect(() => parsePolicy(policy)).toThrowError(expect.objectContaining({ code: 'POLICY_CONTRADICTION' }))
})
