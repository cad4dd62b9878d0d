import { type JsonObject, toBase64Url, utf8 } from '@blindai/core'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  commitTo,
  digestBody,
  parseReceipt,
  type Receipt,
  type ReceiptErrorDetails,
  type ReceiptExpectation,
  type ReceiptKeys,
  ReceiptLog,
  verifyReceipt,
} from '../src/index.ts'
import {
  createIssuer,
  expectation,
  type Issuer,
  NOT_AFTER,
  NOT_BEFORE,
  REQUEST,
  RESPONSE,
  runClaims,
  SALT,
  signText,
  token,
} from './support.ts'

let issuer: Issuer
let claims: JsonObject
beforeAll(async () => {
  issuer = await createIssuer()
  claims = JSON.parse(new TextDecoder().decode(await claimsBytes(await token(issuer))))
})

async function claimsBytes(text: string): Promise<Uint8Array> {
  const part = (text.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
  return Uint8Array.from(atob(part), (character) => character.charCodeAt(0))
}

/** One thing wrong: another token, other keys, or something else expected. */
interface Forgery {
  readonly why: string
  readonly code: keyof ReceiptErrorDetails
  readonly token?: () => Promise<string>
  readonly keys?: (keys: ReceiptKeys) => ReceiptKeys
  readonly expected?: (expected: ReceiptExpectation) => Promise<ReceiptExpectation> | ReceiptExpectation
}

const changed = (changes: Partial<Receipt>) => () => token(issuer, changes)
const claimed = (change: (claims: JsonObject) => JsonObject) => () => signText(issuer, JSON.stringify(change(claims)))
const without =
  (name: string) =>
  (all: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(all).filter(([member]) => member !== name))
const body = (text: string) => digestBody(utf8(text))
const edited = (part: number, edit: (text: string) => string) => async (): Promise<string> => {
  const parts = (await token(issuer)).split('.')
  return parts.map((text, i) => (i === part ? edit(text) : text)).join('.')
}
const swapFirst = (text: string): string => `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`

const FORGERIES: readonly Forgery[] = [
  {
    why: 'signed by another key',
    code: 'RECEIPT_SIGNATURE_INVALID',
    token: async () => token(await createIssuer()),
  },
  { why: 'with a signature of zeros', code: 'RECEIPT_SIGNATURE_INVALID', token: edited(2, () => 'A'.repeat(86)) },
  { why: 'with a changed signature', code: 'RECEIPT_SIGNATURE_INVALID', token: edited(2, swapFirst) },
  {
    why: 'with a model put in after it was signed',
    code: 'RECEIPT_SIGNATURE_INVALID',
    token: edited(1, () =>
      toBase64Url(utf8(JSON.stringify({ ...claims, model: { sha256: '34'.repeat(32), kind: 'onnx' } }))),
    ),
  },
  {
    why: 'with a time put in after it was signed',
    code: 'RECEIPT_SIGNATURE_INVALID',
    token: edited(1, () => toBase64Url(utf8(JSON.stringify({ ...claims, hostTime: 1_795_000_001 })))),
  },
  {
    why: 'with a number put in after it was signed',
    code: 'RECEIPT_SIGNATURE_INVALID',
    token: edited(1, () => toBase64Url(utf8(JSON.stringify({ ...claims, sequence: 4 })))),
  },
  {
    why: 'of another document',
    code: 'RECEIPT_OTHER_STATEMENT',
    keys: (keys) => ({ ...keys, statementSha256: 'cd'.repeat(32) }),
  },
  {
    why: 'that names another statement',
    code: 'RECEIPT_OTHER_STATEMENT',
    token: changed({ statementSha256: '00'.repeat(32) }),
  },
  { why: 'from before the keys', code: 'RECEIPT_BEFORE_KEYSET', token: changed({ hostTime: NOT_BEFORE - 1 }) },
  { why: 'from after the keys', code: 'RECEIPT_AFTER_KEYSET', token: changed({ hostTime: NOT_AFTER + 1 }) },
  {
    why: 'of a keyset that had ended by then',
    code: 'RECEIPT_AFTER_KEYSET',
    keys: (keys) => ({ ...keys, notAfter: 1_794_999_999 }),
  },
  {
    why: 'of an upload in the place of a run',
    code: 'RECEIPT_OTHER_OPERATION',
    token: claimed((all) => without('task')(without('request')(without('response')({ ...all, operation: 'upload' })))),
  },
  {
    why: 'of a run in the place of a delete',
    code: 'RECEIPT_OTHER_OPERATION',
    expected: (e) => ({ ...e, operation: 'delete' }),
  },
  {
    why: 'of another model',
    code: 'RECEIPT_OTHER_MODEL',
    token: changed({ model: { sha256: '13'.repeat(32), kind: 'bundle' } }),
  },
  {
    why: 'where another model is expected',
    code: 'RECEIPT_OTHER_MODEL',
    expected: (e) => ({ ...e, modelSha256: 'ff'.repeat(32) }),
  },
  { why: 'of another task', code: 'RECEIPT_OTHER_TASK', token: changed({ task: 'image-classification' }) },
  { why: 'of tensors in the place of a task', code: 'RECEIPT_OTHER_TASK', token: claimed(without('task')) },
  { why: 'compared without its salt', code: 'RECEIPT_SALT_MISSING', expected: ({ salt: _, ...e }) => e },
  {
    why: 'of another request',
    code: 'RECEIPT_REQUEST_MISMATCH',
    expected: async (e) => ({ ...e, request: await body('{"inputs":["a text that nobody may reaD"]}') }),
  },
  {
    why: 'of another answer',
    code: 'RECEIPT_RESPONSE_MISMATCH',
    expected: async (e) => ({ ...e, response: await body('{"outputs":[[{"label":"spam","score":0.98}]]}') }),
  },
  {
    why: 'with the salt of another receipt',
    code: 'RECEIPT_REQUEST_MISMATCH',
    expected: (e) => ({ ...e, salt: new Uint8Array(32).fill(8) }),
  },
  {
    why: 'whose answer stands for the request',
    code: 'RECEIPT_REQUEST_MISMATCH',
    token: async () =>
      token(issuer, {
        request: {
          hmac: (await commitTo('response', SALT, await digestBody(REQUEST))).hmac,
          bytes: REQUEST.byteLength,
        },
      }),
  },
  {
    why: 'of an answer that was cut',
    code: 'RECEIPT_BODY_LENGTH_MISMATCH',
    expected: async (e) => ({ ...e, response: await digestBody(RESPONSE.slice(0, -1)) }),
  },
  {
    why: 'of a request with a byte more',
    code: 'RECEIPT_BODY_LENGTH_MISMATCH',
    expected: async (e) => ({ ...e, request: await digestBody(Uint8Array.of(...REQUEST, 0)) }),
  },
  {
    why: 'of an upload, where bodies are to be shown',
    code: 'RECEIPT_BODY_NOT_COVERED',
    token: claimed((all) => without('task')(without('request')(without('response')({ ...all, operation: 'upload' })))),
    expected: ({ operation: _, task: __, ...e }) => e,
  },
  {
    why: 'under the algorithm none',
    code: 'RECEIPT_HEADER_UNSUPPORTED',
    token: () => signText(issuer, JSON.stringify(claims), '{"alg":"none","typ":"blindai-receipt+jwt"}'),
  },
  {
    why: 'under a key that a client could share',
    code: 'RECEIPT_HEADER_UNSUPPORTED',
    token: () => signText(issuer, JSON.stringify(claims), '{"alg":"HS256","typ":"blindai-receipt+jwt"}'),
  },
  {
    why: 'that brings its own key',
    code: 'RECEIPT_HEADER_UNSUPPORTED',
    token: () => signText(issuer, JSON.stringify(claims), '{"alg":"EdDSA","typ":"blindai-receipt+jwt","jwk":{}}'),
  },
  {
    why: 'that is a token of another kind',
    code: 'RECEIPT_HEADER_UNSUPPORTED',
    token: () => signText(issuer, JSON.stringify(claims), '{"alg":"EdDSA","typ":"JWT"}'),
  },
  {
    why: 'of another profile',
    code: 'RECEIPT_FORM_INVALID',
    token: claimed((all) => ({ ...all, eat_profile: 'tag:other' })),
  },
  {
    why: 'with a claim that nobody knows',
    code: 'RECEIPT_FORM_INVALID',
    token: claimed((all) => ({ ...all, exp: 1 })),
  },
  {
    why: 'with a claim twice',
    code: 'RECEIPT_FORM_INVALID',
    token: () => signText(issuer, JSON.stringify(claims).replace('{', '{"sequence":9,')),
  },
  { why: 'without a sequence number', code: 'RECEIPT_FORM_INVALID', token: claimed(without('sequence')) },
  { why: 'with the number 0', code: 'RECEIPT_FORM_INVALID', token: changed({ sequence: 0 }) },
  { why: 'with half a number', code: 'RECEIPT_FORM_INVALID', token: changed({ sequence: 1.5 }) },
  { why: 'with a number as text', code: 'RECEIPT_FORM_INVALID', token: claimed((all) => ({ ...all, sequence: '3' })) },
  { why: 'from after the year 9999', code: 'RECEIPT_FORM_INVALID', token: changed({ hostTime: 253_402_300_800 }) },
  { why: 'with a negative time', code: 'RECEIPT_FORM_INVALID', token: changed({ hostTime: -1 }) },
  {
    why: 'with an operation that nobody knows',
    code: 'RECEIPT_FORM_INVALID',
    token: claimed((all) => ({ ...all, operation: 'train' })),
  },
  {
    why: 'with a digest in upper case',
    code: 'RECEIPT_FORM_INVALID',
    token: changed({ model: { sha256: 'AB'.repeat(32), kind: 'onnx' } }),
  },
  {
    why: 'with a kind that nobody knows',
    code: 'RECEIPT_FORM_INVALID',
    token: claimed((all) => ({ ...all, model: { sha256: '12'.repeat(32), kind: 'gguf' } })),
  },
  { why: 'of a model that is a list', code: 'RECEIPT_FORM_INVALID', token: claimed((all) => ({ ...all, model: [] })) },
  { why: 'of a run that covers no answer', code: 'RECEIPT_FORM_INVALID', token: claimed(without('response')) },
  { why: 'of a run that covers no request', code: 'RECEIPT_FORM_INVALID', token: claimed(without('request')) },
  {
    why: 'of an upload that covers a request',
    code: 'RECEIPT_FORM_INVALID',
    token: claimed((all) => without('task')(without('response')({ ...all, operation: 'upload' }))),
  },
  {
    why: 'of a delete with a task',
    code: 'RECEIPT_FORM_INVALID',
    token: claimed((all) => without('request')(without('response')({ ...all, operation: 'delete' }))),
  },
  {
    why: 'with a commitment of 31 bytes',
    code: 'RECEIPT_FORM_INVALID',
    token: changed({ request: { hmac: 'A'.repeat(42), bytes: 1 } }),
  },
  {
    why: 'whose commitment has a bit too many',
    code: 'RECEIPT_FORM_INVALID',
    token: changed({ request: { hmac: `${'A'.repeat(42)}B`, bytes: 1 } }),
  },
  { why: 'with a signature of 63 bytes', code: 'RECEIPT_FORM_INVALID', token: edited(2, (text) => text.slice(0, 84)) },
  { why: 'with padding', code: 'RECEIPT_FORM_INVALID', token: edited(2, (text) => `${text}==`) },
  {
    why: 'in two parts',
    code: 'RECEIPT_FORM_INVALID',
    token: async () => (await token(issuer)).split('.').slice(0, 2).join('.'),
  },
  { why: 'in four parts', code: 'RECEIPT_FORM_INVALID', token: async () => `${await token(issuer)}.` },
  { why: 'that is too long', code: 'RECEIPT_FORM_INVALID', token: async () => 'a.'.repeat(5000) },
  { why: 'whose claims are no JSON', code: 'RECEIPT_FORM_INVALID', token: () => signText(issuer, '{') },
  { why: 'whose claims are a list', code: 'RECEIPT_FORM_INVALID', token: () => signText(issuer, '[]') },
]

describe('a receipt', () => {
  test('is accepted as it was given', async () => {
    await expect(verifyReceipt(await token(issuer), issuer.keys, await expectation())).resolves.toEqual(
      await runClaims(),
    )
  })
  test('is accepted in the first and in the last second of the keys', async () => {
    for (const hostTime of [NOT_BEFORE, NOT_AFTER]) {
      await expect(verifyReceipt(await token(issuer, { hostTime }), issuer.keys)).resolves.toMatchObject({ hostTime })
    }
  })
  test('is read up to the last second of the year 9999', async () => {
    const last = await token(issuer, { hostTime: 253_402_300_799 })
    expect(parseReceipt(last).receipt.hostTime).toBe(253_402_300_799)
  })
  test('of an upload or a delete covers a model and no body', async () => {
    for (const operation of ['upload', 'delete'] as const) {
      const { task: _, request: __, response: ___, ...rest } = await runClaims()
      const text = await signText(
        issuer,
        JSON.stringify(without('task')(without('request')(without('response')({ ...claims, operation })))),
      )
      await expect(verifyReceipt(text, issuer.keys)).resolves.toEqual({ ...rest, operation })
    }
  })
  test.each(FORGERIES)('is refused $why ($code)', async (forgery) => {
    const expected = await expectation()
    const verified = verifyReceipt(
      (await forgery.token?.()) ?? (await token(issuer)),
      forgery.keys?.(issuer.keys) ?? issuer.keys,
      (await forgery.expected?.(expected)) ?? expected,
    )
    await expect(verified).rejects.toMatchObject({ name: 'ReceiptError', code: forgery.code })
  })
  test('is refused with any one character changed', async () => {
    const text = await token(issuer)
    for (let i = 0; i < text.length; i += 3) {
      const forged = `${text.slice(0, i)}${text[i] === 'A' ? 'B' : 'A'}${text.slice(i + 1)}`
      await expect(verifyReceipt(forged, issuer.keys), `character ${i}`).rejects.toMatchObject({ name: 'ReceiptError' })
    }
  })
  test('is refused wherever it is cut', async () => {
    const text = await token(issuer)
    for (let length = 0; length < text.length; length += 5) {
      await expect(verifyReceipt(text.slice(0, length), issuer.keys)).rejects.toMatchObject({ name: 'ReceiptError' })
    }
  })
  test('tells nothing of short bodies without its salt', async () => {
    const { receipt } = parseReceipt(await token(issuer))
    const other = await commitTo('request', new Uint8Array(32).fill(9), await digestBody(REQUEST))
    expect(receipt.request?.hmac).not.toBe(other.hmac)
  })
})

describe('a log of receipts', () => {
  test('takes each receipt once, and knows how many it has not seen', async () => {
    const log = new ReceiptLog()
    const first = await runClaims()
    log.add(first)
    log.add({ ...first, sequence: 7 })
    expect(log.missing).toBe(5)
    expect(() => log.add(first)).toThrowError(
      expect.objectContaining({ code: 'RECEIPT_SEQUENCE_REPLAYED', details: { sequence: 3 } }),
    )
  })
  test('refuses more than it can remember', async () => {
    const log = new ReceiptLog(1)
    const first = await runClaims()
    log.add(first)
    expect(() => log.add({ ...first, sequence: 4 })).toThrowError(
      expect.objectContaining({ code: 'RECEIPT_LOG_FULL', details: { limit: 1 } }),
    )
  })
})
