import { type Ed25519Jwk, toBase64Url, utf8 } from '@blindai/core'
import {
  commitTo,
  digestBody,
  type Receipt,
  type ReceiptExpectation,
  type ReceiptKeys,
  SALT_BYTES,
  signReceipt,
} from '../src/index.ts'

/** A keyset of its own for each test file. */
export interface Issuer {
  readonly keys: ReceiptKeys
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>
}

export const STATEMENT = 'ab'.repeat(32)
export const NOT_BEFORE = 1_790_000_000
export const NOT_AFTER = 1_800_000_000
export const SALT: Uint8Array = new Uint8Array(SALT_BYTES).fill(7)
export const REQUEST: Uint8Array = utf8('{"inputs":["a text that nobody may read"]}')
export const RESPONSE: Uint8Array = utf8('{"outputs":[[{"label":"spam","score":0.99}]]}')

export async function createIssuer(): Promise<Issuer> {
  const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
  const receiptsKey: Ed25519Jwk = { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(raw) }
  return {
    keys: { statementSha256: STATEMENT, receiptsKey, notBefore: NOT_BEFORE, notAfter: NOT_AFTER },
    sign: async (message) =>
      new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, new Uint8Array(message))),
  }
}

/** The claims of a run that everything here changes one thing of. */
export async function runClaims(): Promise<Receipt> {
  return {
    statementSha256: STATEMENT,
    sequence: 3,
    hostTime: 1_795_000_000,
    operation: 'run',
    model: { sha256: '12'.repeat(32), kind: 'bundle' },
    task: 'text-classification',
    request: await commitTo('request', SALT, await digestBody(REQUEST)),
    response: await commitTo('response', SALT, await digestBody(RESPONSE)),
  }
}

export async function expectation(): Promise<ReceiptExpectation> {
  return {
    operation: 'run',
    modelSha256: '12'.repeat(32),
    task: 'text-classification',
    salt: SALT,
    request: await digestBody(REQUEST),
    response: await digestBody(RESPONSE),
  }
}

/** A token of any JSON text, signed as a receipt is. */
export async function signText(issuer: Issuer, claims: string, header?: string): Promise<string> {
  const first = toBase64Url(utf8(header ?? '{"alg":"EdDSA","typ":"blindai-receipt+jwt"}'))
  const signed = `${first}.${toBase64Url(utf8(claims))}`
  return `${signed}.${toBase64Url(await issuer.sign(utf8(signed)))}`
}

/** The token of those claims with some of them replaced. */
export async function token(issuer: Issuer, changes: Partial<Receipt> = {}): Promise<string> {
  return signReceipt({ ...(await runClaims()), ...changes }, issuer.sign)
}
