import { fromHex, toBase64Url, toHex, utf8 } from '@blindai/core'
import { encodeTaskResponse } from '@blindai/protocol'
import { commitTo, digestBody, RECEIPT_HEADER, RECEIPT_SALT_HEADER, type Receipt, signReceipt } from '@blindai/receipts'
import { MOCK_MEASUREMENTS } from '@blindai/simulator'
import { describe, expect, test } from 'vitest'
import { connect, createEvidenceBundle, type HeldReceipt, type Session, verifyEvidenceBundle } from '../src/index.ts'
import { keeper } from './cleanup.ts'
import {
  createEnclave,
  type Enclave,
  type InnerRequest,
  type InnerResponse,
  mockAuthority,
  now,
} from './enclave.node.ts'
import { honest, listenPlain, listenTls } from './listeners.node.ts'

const kept = keeper()
const authority = mockAuthority()
const POLICY = {
  version: 1,
  name: 'a simulated root',
  trustClasses: ['simulated'],
  simulated: {
    rootSha256: [authority.rootSha256],
    measurements: [{ name: 'mock', date: '2026-11-23', ...MOCK_MEASUREMENTS }],
  },
}
const MODEL = 'ab'.repeat(32)
const SALT = new Uint8Array(32).fill(5)

/** What a server may get wrong. */
interface Wrong {
  readonly claims?: Partial<Receipt>
  readonly headers?: (headers: Record<string, string>) => Record<string, string>
  readonly body?: (body: Uint8Array) => Uint8Array
}

/** An enclave that answers one task, with a receipt that is right in everything but what is asked. */
async function serve(transport: 'tls' | 'ohttp', wrong: Wrong = {}): Promise<Session> {
  const enclave: Enclave = await createEnclave({ authority, api: (request) => answer(enclave, request, wrong) })
  const route = honest(enclave)
  const server = kept(transport === 'tls' ? await listenTls(enclave.certificate, route) : await listenPlain(route))
  return kept(await connect({ url: server.url, policy: POLICY, transport }))
}

async function answer(enclave: Enclave, request: InnerRequest, wrong: Wrong): Promise<InnerResponse> {
  if (request.method === 'GET') {
    const body = utf8(JSON.stringify({ sha256: MODEL, kind: 'bundle', bytes: 1 }))
    return { status: 200, headers: { 'content-type': 'application/json' }, body }
  }
  const task = 'text-classification'
  const body = new Uint8Array(
    request.method === 'DELETE'
      ? []
      : encodeTaskResponse({ model: MODEL, task, outputs: [[{ label: 'spam', score: 1 }]] }),
  )
  if (request.headers[RECEIPT_HEADER] !== '1')
    return { status: 200, headers: { 'content-type': 'application/json' }, body }
  const isRun = request.method === 'POST'
  const token = await signReceipt(
    {
      statementSha256: toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(enclave.statement)))),
      sequence: 1,
      hostTime: now(),
      operation: isRun ? 'run' : 'delete',
      model: { sha256: MODEL, kind: 'bundle' },
      ...(isRun && {
        task,
        request: await commitTo('request', SALT, await digestBody(request.body)),
        response: await commitTo('response', SALT, await digestBody(body)),
      }),
      ...wrong.claims,
    },
    (message) => enclave.signer.sign(message),
  )
  const headers = {
    'content-type': 'application/json',
    [RECEIPT_HEADER]: token,
    [RECEIPT_SALT_HEADER]: toBase64Url(SALT),
  }
  return { status: 200, headers: wrong.headers?.(headers) ?? headers, body: wrong.body?.(body) ?? body }
}

async function run(session: Session): Promise<HeldReceipt | undefined> {
  const options = { task: 'text-classification', receipt: true } as const
  const { receipt } = await session.run(MODEL, 'win a prize', options)
  return receipt
}

const without =
  (name: string) =>
  (headers: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(headers).filter(([member]) => member !== name))

describe.each(['tls', 'ohttp'] as const)('a receipt over %s', (transport) => {
  test('is verified before the answer is handed on', async () => {
    const receipt = await run(await serve(transport))
    expect(receipt?.receipt).toMatchObject({ operation: 'run', model: { sha256: MODEL }, task: 'text-classification' })
  })
  test('is not asked for when the call does not', async () => {
    const result = await (await serve(transport)).run(MODEL, 'win a prize', { task: 'text-classification' })
    expect(result).not.toHaveProperty('receipt')
  })
  test('of a deletion is handed on', async () => {
    const session = await serve(transport)
    expect(await session.models.delete(MODEL, { receipt: true })).toMatchObject({ receipt: { operation: 'delete' } })
    expect(await session.models.delete(MODEL)).toBeUndefined()
    expect(await session.models.delete('spam', { receipt: true })).toMatchObject({
      receipt: { operation: 'delete', model: { sha256: MODEL } },
    })
  })
  test.each(['spam', MODEL, MODEL.toUpperCase()])(
    'of the deletion of another model than %s is refused',
    async (name) => {
      const session = await serve(transport, { claims: { model: { sha256: '00'.repeat(32), kind: 'onnx' } } })
      await expect(session.models.delete(name, { receipt: true })).rejects.toMatchObject({
        code: 'RECEIPT_REFUSED',
        details: { reason: 'RECEIPT_OTHER_MODEL' },
      })
    },
  )
  test.each([
    ['no receipt', 'RECEIPT_MISSING', { headers: without(RECEIPT_HEADER) }],
    ['no salt', 'RECEIPT_SALT_MISSING', { headers: without(RECEIPT_SALT_HEADER) }],
    [
      'a receipt of another model',
      'RECEIPT_OTHER_MODEL',
      { claims: { model: { sha256: '00'.repeat(32), kind: 'onnx' } } },
    ],
    ['a receipt of another boot', 'RECEIPT_OTHER_STATEMENT', { claims: { statementSha256: '00'.repeat(32) } }],
    ['a receipt from before its keys', 'RECEIPT_BEFORE_KEYSET', { claims: { hostTime: 1 } }],
    [
      'a receipt of another answer',
      'RECEIPT_RESPONSE_MISMATCH',
      { body: (body: Uint8Array) => utf8(new TextDecoder().decode(body).replace('spam', 'ham ')) },
    ],
  ] as const)('with %s the call fails (%s)', async (_, reason, wrong) => {
    const session = await serve(transport, wrong)
    await expect(run(session)).rejects.toMatchObject({ code: 'RECEIPT_REFUSED', family: 'stop', details: { reason } })
  })
})

describe('an evidence bundle', () => {
  async function bundle(
    change: (json: Record<string, unknown>) => Record<string, unknown> = (json) => json,
    withoutSalt = false,
  ) {
    const session = await serve('ohttp')
    const receipt = await run(session)
    if (receipt === undefined) throw new Error('no receipt')
    const { document, result } = session
    const bytes = createEvidenceBundle({ document, policy: POLICY, receipt, result, withoutSalt })
    return utf8(JSON.stringify(change(JSON.parse(new TextDecoder().decode(bytes)))))
  }

  test('shows a third party what ran, by their own policy', async () => {
    const verdict = await verifyEvidenceBundle(await bundle(), { policy: POLICY })
    expect(verdict).toMatchObject({
      judgedBy: 'own policy',
      result: { status: 'affirming', freshness: 'skipped' },
      receipt: { operation: 'run', model: { sha256: MODEL } },
    })
    expect(verdict.limits.join(' ')).toContain('simulated enclave protects nothing')
  })
  test('says so when its own policy judged', async () => {
    const { judgedBy, limits } = await verifyEvidenceBundle(await bundle())
    expect(judgedBy).toBe('policy of the bundle')
    expect(limits.join(' ')).toContain('whoever made the bundle chose it')
  })
  test('is judged at the time of the receipt, a year later too; at another time when the checker says so', async () => {
    const bytes = await bundle()
    const { judgedAt } = await verifyEvidenceBundle(bytes)
    expect(Math.abs(judgedAt - now())).toBeLessThan(60)
    const later = await verifyEvidenceBundle(bytes, { now: judgedAt + 400 * 86_400 })
    expect(later.result.status).toBe('none')
    expect(later).not.toHaveProperty('receipt')
  })
  test('shows nothing under a policy that accepts hardware only', async () => {
    const verdict = await verifyEvidenceBundle(await bundle(), { policy: { version: 1, name: 'hardware only' } })
    expect(verdict.result).toMatchObject({ status: 'none', failed: { error: { code: 'SIMULATED_NOT_ALLOWED' } } })
    expect(verdict).not.toHaveProperty('receipt')
  })
  test('without its salt shows the run and not the bodies', async () => {
    const bytes = await bundle(undefined, true)
    expect(new TextDecoder().decode(bytes)).not.toContain('"salt"')
    const verdict = await verifyEvidenceBundle(bytes)
    expect(verdict.receipt).toMatchObject({ operation: 'run' })
    expect(verdict.limits.join(' ')).toContain('Without the salt')
    const request = await digestBody(utf8('something'))
    await expect(verifyEvidenceBundle(bytes, { request })).rejects.toMatchObject({
      code: 'RECEIPT_REFUSED',
      details: { reason: 'RECEIPT_SALT_MISSING' },
    })
  })
  test('with its salt and without a digest of a body does not show the bodies, unless the checker has them', async () => {
    const given = await bundle()
    expect((await verifyEvidenceBundle(given)).limits.join(' ')).not.toContain('Without the salt')
    const { receipt } = JSON.parse(new TextDecoder().decode(given))
    for (const body of ['request', 'response'] as const) {
      const { [body]: left, ...rest } = receipt
      const bytes = utf8(JSON.stringify({ ...JSON.parse(new TextDecoder().decode(given)), receipt: rest }))
      expect((await verifyEvidenceBundle(bytes)).limits.join(' '), body).toContain('Without the salt')
      const own = { [body]: { sha256: fromHex('digest', left.sha256), bytes: left.bytes } }
      expect((await verifyEvidenceBundle(bytes, own)).limits.join(' '), body).not.toContain('Without the salt')
    }
  })
  test('is refused for another body than the one that ran', async () => {
    const response = await digestBody(utf8('another'))
    await expect(verifyEvidenceBundle(await bundle(), { response })).rejects.toMatchObject({
      code: 'RECEIPT_REFUSED',
      details: { reason: 'RECEIPT_BODY_LENGTH_MISMATCH' },
    })
  })
  test('of one boot with the receipt of another is refused', async () => {
    const other: { receipt: unknown } = JSON.parse(new TextDecoder().decode(await bundle()))
    await expect(
      verifyEvidenceBundle(await bundle((json) => ({ ...json, receipt: other.receipt }))),
    ).rejects.toMatchObject({
      code: 'RECEIPT_REFUSED',
      details: { reason: 'RECEIPT_OTHER_STATEMENT' },
    })
  })
  test('whose receipt names a time after the year 9999 is refused before it is judged', async () => {
    const { receipt } = (await run(await serve('ohttp'))) ?? {}
    if (receipt === undefined) throw new Error('no receipt')
    const token = await signReceipt({ ...receipt, hostTime: 253_402_300_800 }, async () => new Uint8Array(64))
    await expect(verifyEvidenceBundle(await bundle((json) => ({ ...json, receipt: { token } })))).rejects.toMatchObject(
      {
        code: 'RECEIPT_REFUSED',
        details: { reason: 'RECEIPT_FORM_INVALID' },
      },
    )
  })
  test.each([253_402_300_800, -1, 1.5, Number.NaN])('is not judged at a time that is none: %s', async (time) => {
    await expect(verifyEvidenceBundle(await bundle(), { now: time })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      details: { option: 'now' },
    })
  })
  test.each([
    ['another type', (json: Record<string, unknown>) => ({ ...json, type: 'bundle' })],
    ['another version', (json: Record<string, unknown>) => ({ ...json, version: 2 })],
    ['a member that nobody knows', (json: Record<string, unknown>) => ({ ...json, note: '' })],
    ['a document that is no base64url', (json: Record<string, unknown>) => ({ ...json, document: '?' })],
    ['no receipt', ({ receipt: _, ...json }: Record<string, unknown>) => json],
    [
      'a short salt',
      (json: Record<string, unknown>) => ({ ...json, receipt: { ...Object(json.receipt), salt: 'AAAA' } }),
    ],
    ['a policy that cannot be read', (json: Record<string, unknown>) => ({ ...json, policy: { version: 9 } })],
    [
      'a digest in capitals',
      (json: Record<string, unknown>) => ({
        ...json,
        receipt: { ...Object(json.receipt), request: { sha256: 'AB'.repeat(32), bytes: 1 } },
      }),
    ],
    [
      'a negative length',
      (json: Record<string, unknown>) => ({
        ...json,
        receipt: { ...Object(json.receipt), request: { sha256: 'ab'.repeat(32), bytes: -1 } },
      }),
    ],
  ])('with %s is refused', async (_, change) => {
    await expect(verifyEvidenceBundle(await bundle(change))).rejects.toMatchObject({ code: 'BUNDLE_INVALID' })
  })
})
