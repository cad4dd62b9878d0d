import { type JsonObject, toBase64Url, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { MAX_DOCUMENT_BYTES, parseDocument } from '../src/document/document.ts'
import { MAX_STATEMENT_BYTES, parseStatement } from '../src/document/statement.ts'

const DIGEST = 'ab'.repeat(32)
const KEY: JsonObject = { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(new Uint8Array(32)) }
const KEYSET: JsonObject = { tls: [DIGEST], ohttp: 'AQ', channel: KEY, receipts: KEY, notBefore: 1, notAfter: 2 }
const CONFIG: JsonObject = {
  isolation: 'full',
  keySource: 'operator',
  unattestedClients: false,
  legacyListeners: false,
  crossTenantBatching: false,
  sharedEngines: false,
  peers: [],
  credentials: [],
  digest: DIGEST,
}
const SOFTWARE: JsonObject = { name: 'server', version: '1.2.3', digest: DIGEST }
const STATEMENT: JsonObject = { version: 1, keyset: KEYSET, config: CONFIG, software: SOFTWARE }
const EVIDENCE: JsonObject = { format: 'tdx', bytes: 'AQ' }
const DOCUMENT: JsonObject = { statement: 'AQ', nonce: '', evidence: EVIDENCE }

const statement = (members: JsonObject): Uint8Array => utf8(JSON.stringify({ ...STATEMENT, ...members }))
const evidence = (members: JsonObject): JsonObject => ({ ...DOCUMENT, evidence: { ...EVIDENCE, ...members } })
/** A JSON text filled up with spaces. */
const filled = (text: string, length: number): Uint8Array => utf8(text.padEnd(length))
const error = (code: string, details: object): object => expect.objectContaining({ code, details })

describe('a document', () => {
  test('may be as long as the limit, and no longer', () => {
    const text = JSON.stringify(DOCUMENT)
    expect(parseDocument(filled(text, MAX_DOCUMENT_BYTES)).evidence.format).toBe('tdx')
    const length = MAX_DOCUMENT_BYTES + 1
    expect(() => parseDocument(filled(text, length))).toThrow(
      error('TOO_LONG', { field: 'document', length, limit: MAX_DOCUMENT_BYTES }),
    )
  })
  test('is named where it is no text, and no JSON', () => {
    expect(() => parseDocument(Uint8Array.of(0xff))).toThrow(expect.objectContaining({ code: 'NOT_UTF8' }))
    expect(() => parseDocument(Uint8Array.of(0xff))).toThrow(/document/)
    expect(() => parseDocument(utf8('{'))).toThrow(/document/)
  })
  test('carries a statement that is not longer than any', () => {
    const most = toBase64Url(new Uint8Array(MAX_STATEMENT_BYTES))
    expect(parseDocument({ ...DOCUMENT, statement: most }).statement.byteLength).toBe(MAX_STATEMENT_BYTES)
    expect(() => parseDocument({ ...DOCUMENT, statement: `${most}AA` })).toThrow(
      error('TOO_LONG', { field: 'document.statement', length: most.length + 2, limit: most.length }),
    )
  })
  test.each([
    'tdx',
    'sgx',
    'sev-snp',
    'tpm',
    'nitro',
    'nvidia',
    'azure-hcl',
    'simulated',
    'simulated-sgx',
    'simulated-sev-snp',
    'simulated-tpm',
    'simulated-nitro',
    'simulated-nvidia',
    'simulated-azure-hcl',
  ])('carries evidence of the format %s', (format) =>
    expect(parseDocument(evidence({ format })).evidence.format).toBe(format),
  )
  test('has no member that nobody knows', () =>
    expect(() => parseDocument({ ...DOCUMENT, more: 1 })).toThrow(
      error('UNKNOWN_MEMBER', { field: 'document', member: 'more' }),
    ))
  test('carries evidence that is not longer than any', () => {
    const most = toBase64Url(new Uint8Array(65_536))
    expect(parseDocument(evidence({ bytes: most })).evidence.bytes.byteLength).toBe(65_536)
    const [length, limit] = [most.length + 2, most.length]
    expect(() => parseDocument(evidence({ bytes: `${most}AA` }))).toThrow(
      error('TOO_LONG', { field: 'document.evidence.bytes', length, limit }),
    )
  })
  test('carries the bytes of a log, as many as a log may have', () => {
    const most = toBase64Url(new Uint8Array(1_048_576))
    expect(parseDocument(evidence({ log: 'AQI' })).evidence.log).toEqual(Uint8Array.of(1, 2))
    expect(parseDocument(evidence({ log: most })).evidence.log?.byteLength).toBe(1_048_576)
    expect(() => parseDocument(evidence({ log: `${most}AA` }))).toThrow(
      error('TOO_LONG', { field: 'document.evidence.log', length: most.length + 2, limit: most.length }),
    )
    expect(parseDocument(DOCUMENT).evidence).not.toHaveProperty('log')
  })
  test('has no member in its evidence that nobody knows', () =>
    expect(() => parseDocument(evidence({ more: 1 }))).toThrow(
      error('UNKNOWN_MEMBER', { field: 'document.evidence', member: 'more' }),
    ))
  test('names no empty nonce among those that share it', () => {
    const nonce = toBase64Url(new Uint8Array(32))
    expect(() => parseDocument({ ...DOCUMENT, nonces: [nonce, ''] })).toThrow(
      error('WRONG_LENGTH', { field: 'document.nonces[1]', expected: 32, actual: 0 }),
    )
  })
})

describe('a statement', () => {
  test('is read with every member', () => expect(parseStatement(statement({}))).toEqual(STATEMENT))
  test('may be as long as the limit, and no longer', () => {
    const text = JSON.stringify(STATEMENT)
    expect(parseStatement(filled(text, MAX_STATEMENT_BYTES))).toEqual(STATEMENT)
    const length = MAX_STATEMENT_BYTES + 1
    expect(() => parseStatement(filled(text, length))).toThrow(
      error('TOO_LONG', { field: 'statement', length, limit: MAX_STATEMENT_BYTES }),
    )
  })
  test('is named where it is no text, and no JSON', () => {
    expect(() => parseStatement(Uint8Array.of(0xff))).toThrow(/statement/)
    expect(() => parseStatement(utf8('{'))).toThrow(/statement/)
  })
  test('has OHTTP keys that are not longer than any', () => {
    const most = toBase64Url(new Uint8Array(16_384))
    expect(parseStatement(statement({ keyset: { ...KEYSET, ohttp: most } })).keyset.ohttp).toBe(most)
    expect(() => parseStatement(statement({ keyset: { ...KEYSET, ohttp: `${most}AA` } }))).toThrow(
      error('TOO_LONG', { field: 'statement.keyset.ohttp', length: most.length + 2, limit: most.length }),
    )
  })
  test('may be valid for one second', () => {
    const keyset = { ...KEYSET, notBefore: 2, notAfter: 2 }
    expect(parseStatement(statement({ keyset })).keyset).toEqual(keyset)
  })
  test.each(['full', 'reduced', 'none'])('may say of its isolation that it is %s', (isolation) =>
    expect(parseStatement(statement({ config: { ...CONFIG, isolation } })).config.isolation).toBe(isolation),
  )
  test.each([
    ['more before it', `f${DIGEST}`],
    ['more behind it', `${DIGEST}f`],
    ['a line end behind it', `${DIGEST}\n`],
    ['upper case', 'AB'.repeat(32)],
  ])('has no digest with %s', (_, digest) => {
    const expected = '64 hexadecimal digits in lower case'
    expect(() => parseStatement(statement({ config: { ...CONFIG, digest } }))).toThrow(
      error('WRONG_VALUE', { field: 'statement.config.digest', expected }),
    )
    expect(() => parseStatement(statement({ software: { ...SOFTWARE, digest } }))).toThrow(
      error('WRONG_VALUE', { field: 'statement.software.digest', expected }),
    )
  })
  test.each([
    ['config', { config: { ...CONFIG, more: 1 } }],
    ['software', { software: { ...SOFTWARE, more: 1 } }],
  ])('has no member in its %s that nobody knows', (member, members) =>
    expect(() => parseStatement(statement(members))).toThrow(
      error('UNKNOWN_MEMBER', { field: `statement.${member}`, member: 'more' }),
    ),
  )
})
