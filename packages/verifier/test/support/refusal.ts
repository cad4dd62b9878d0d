import {
  concatBytes,
  digest,
  fromBase64Url,
  fromHex,
  fromUtf8,
  type JsonObject,
  toBase64Url,
  unixSeconds,
  utf8,
} from '@blindai/core'
import {
  type CertificateFields,
  createMockAuthority,
  type Extension,
  generateKeyPair,
  type SignatureData,
} from '@blindai/simulator'
import { describe, expect, test } from 'vitest'
import type { CheckCode } from '../../src/index.ts'
import { authority, DAY, judge, NOW, type Tee, type Wrong } from './mock.ts'
import { expectFacts } from './refusal-facts.ts'

/** One thing wrong, and the one code that says so. */
export interface Refusal extends Wrong {
  readonly code: string
  readonly check: CheckCode
  readonly why: string
  readonly details?: object
  /** What the accepted base differs in, where it does: another version, or a policy without the one wrong thing. */
  readonly base?: Wrong
}

/** Tests that each is refused by its code, and that the document without the one wrong thing is accepted. */
export function refuse(
  name: string,
  usual: 'none' | 'contraindicated',
  refusals: readonly Refusal[],
  tee: Tee = 'tdx',
): void {
  describe(name, () => {
    for (const { code, check, why, details, base = {}, ...wrong } of refusals) {
      test(`${code}: ${why}`, async () => {
        const accepted = await judge(base, tee)
        expect(accepted, JSON.stringify(accepted.failed)).toMatchObject({ status: 'affirming' })
        const result = await judge({ ...base, ...wrong }, tee)
        expect(result, JSON.stringify(result.failed)).toMatchObject({
          status: usual,
          failed: { code: check, status: 'failed', error: { code, ...(details && { details }) } },
        })
        expect(result).not.toHaveProperty('channel')
        expectFacts(name, `${code}: ${why}`, result)
      })
    }
  })
}

export const later = unixSeconds(NOW + DAY)
export const earlier = unixSeconds(NOW - DAY)
export const otherKey = generateKeyPair()
export const nonce = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
export const hex = (text: string): Uint8Array => fromHex('test', text)

export const without =
  (oid: string) =>
  (fields: CertificateFields): CertificateFields => ({
    ...fields,
    extensions: fields.extensions.filter((extension) => extension.oid !== oid),
  })
export const withExtension =
  (extension: Extension) =>
  (fields: CertificateFields): CertificateFields => ({
    ...fields,
    extensions: [...fields.extensions.filter(({ oid }) => oid !== extension.oid), extension],
  })
export const named =
  (commonName: string) =>
  (fields: CertificateFields): CertificateFields => ({
    ...fields,
    subject: { ...fields.subject, commonName },
  })
export const KEY_USAGE = (value: string): Extension => ({ oid: '2.5.29.15', critical: true, value: hex(value) })
export const CONSTRAINTS = (value: string): Extension => ({ oid: '2.5.29.19', critical: true, value: hex(value) })
export const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
export const signature =
  (change: (data: SignatureData) => Partial<SignatureData>) =>
  (data: SignatureData): SignatureData => ({
    ...data,
    ...change(data),
  })
/** Levels of TCB info with one member replaced in each. */
export const everyLevel = (info: JsonObject, members: JsonObject): JsonObject => ({
  ...info,
  tcbLevels: (info.tcbLevels as readonly JsonObject[]).map((level) => ({ ...level, ...members })),
})
export const tdx =
  (members: JsonObject) =>
  (policy: JsonObject): JsonObject => ({ ...policy, tdx: members })
export const endorsements =
  (members: object) =>
  (document: { endorsements?: object }): object => ({
    ...document,
    endorsements: { ...document.endorsements, ...members },
  })
export const keyset =
  (members: object) =>
  (statement: { keyset: object }): object => ({
    ...statement,
    keyset: { ...statement.keyset, ...members },
  })
export const OFF_CURVE = new Uint8Array(64).fill(1)
export const vouchedFor = concatBytes(await digest('SHA-256', OFF_CURVE), new Uint8Array(32))
export const zeros48 = '00'.repeat(48)
export const otherRoot = createMockAuthority({ now: NOW })

export function rootPem(): string {
  const chain = authority.endorsements.tcbInfoIssuerChain
  return chain.slice(chain.lastIndexOf('-----BEGIN'))
}

export function reworded(statement: string, from: string, to: string): string {
  return toBase64Url(utf8(fromUtf8('statement', fromBase64Url('statement', statement)).replace(from, to)))
}

/** A list that names the serial of one of the certificates. */
export function revokedBy(
  list: 'rootCrl' | 'pckCrl',
  certificate: 'platformCaCertificate' | 'pckCertificate' | 'tcbSigningCertificate',
): Wrong['changes'] & object {
  const serial = hex('4242424242424242424242424242424242424242')
  return {
    [certificate]: (fields: CertificateFields) => ({ ...fields, serial }),
    [list]: (fields: object) => ({ ...fields, revoked: [{ serial, date: earlier, reason: 1 }] }),
  }
}

/** Bytes of the evidence changed after everything was signed. */
export const evidenceBytes =
  (change: (evidence: Uint8Array) => Uint8Array): Wrong['document'] & object =>
  ({ evidence, ...rest }) => ({
    ...rest,
    evidence: { ...evidence, bytes: toBase64Url(change(fromBase64Url('evidence', evidence.bytes))) },
  })
