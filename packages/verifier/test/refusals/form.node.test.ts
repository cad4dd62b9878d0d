import { toBase64Url } from '@blindai/core'
import { NOW } from '../support/mock.ts'
import { keyset, refuse } from '../support/refusal.ts'

refuse('refused for its form', 'none', [
  {
    code: 'UNKNOWN_MEMBER',
    check: 'document.form',
    why: 'a document with a member that nobody knows',
    document: (d) => ({ ...d, more: 1 }),
  },
  {
    code: 'MISSING_MEMBER',
    check: 'document.form',
    why: 'a document without a nonce',
    document: (d) => ({ ...d, nonce: undefined }),
  },
  { code: 'WRONG_TYPE', check: 'document.form', why: 'a document that is a list', document: (d) => [d] },
  {
    code: 'JSON_TOO_DEEP',
    check: 'document.form',
    why: 'endorsements of forty objects inside each other',
    document: (d) => ({ ...d, endorsements: JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`) }),
  },
  {
    code: 'WRONG_LENGTH',
    check: 'document.form',
    why: 'a nonce of 31 bytes',
    document: (d) => ({ ...d, nonce: toBase64Url(new Uint8Array(31)) }),
  },
  {
    code: 'NOT_BASE64URL',
    check: 'document.form',
    why: 'a statement with padding',
    document: (d) => ({ ...d, statement: `${d.statement}=` }),
  },
  {
    code: 'WRONG_VALUE',
    check: 'document.form',
    why: 'an empty list of nonces',
    document: (d) => ({ ...d, nonces: [] }),
  },
  {
    code: 'WRONG_VALUE',
    check: 'document.form',
    why: 'a format that does not exist',
    document: (d) => ({ ...d, evidence: { ...d.evidence, format: 'cca' } }),
  },
  {
    code: 'UNKNOWN_MEMBER',
    check: 'statement.form',
    why: 'a statement with a member that nobody knows',
    statement: (s) => ({ ...s, more: 1 }),
  },
  {
    code: 'UNKNOWN_MEMBER',
    check: 'statement.form',
    why: 'a keyset with a member that nobody knows',
    statement: keyset({ more: 1 }),
  },
  {
    code: 'DUPLICATE_MEMBER',
    check: 'statement.form',
    why: 'a statement that says its keys twice',
    statementText: (t) => t.replace('"keyset":', '"keyset":{},"keyset":'),
  },
  {
    code: 'WRONG_TYPE',
    check: 'statement.form',
    why: 'a time with a fraction',
    statement: keyset({ notAfter: NOW + 0.5 }),
  },
  { code: 'WRONG_TYPE', check: 'statement.form', why: 'a time as text', statement: keyset({ notAfter: String(NOW) }) },
  {
    code: 'WRONG_VALUE',
    check: 'statement.form',
    why: 'a window that ends before it starts',
    statement: keyset({ notAfter: NOW - 61 }),
  },
  {
    code: 'WRONG_VALUE',
    check: 'statement.form',
    why: 'a digest in upper case',
    statement: keyset({ tls: ['AB'.repeat(32)] }),
  },
  {
    code: 'WRONG_LENGTH',
    check: 'statement.form',
    why: 'a key of 31 bytes',
    statement: keyset({ channel: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(new Uint8Array(31)) } }),
  },
  {
    code: 'UNKNOWN_MEMBER',
    check: 'statement.form',
    why: 'a key with its private part',
    statement: keyset({ receipts: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(new Uint8Array(32)), d: '' } }),
  },
  {
    code: 'WRONG_VALUE',
    check: 'statement.form',
    why: 'a statement of version 2',
    statement: (s) => ({ ...s, version: 2 }),
  },
  {
    code: 'NOT_JSON',
    check: 'statement.form',
    why: 'a statement with something after it',
    statementText: (t) => `${t}x`,
  },
  {
    code: 'WRONG_TYPE',
    check: 'document.form',
    why: 'a nonce that is a number',
    document: (d) => ({ ...d, nonce: 5 }),
    details: { field: 'document.nonce', expected: 'a text' },
  },
  {
    code: 'TOO_LONG',
    check: 'document.form',
    why: 'more nonces than may share evidence',
    document: (d) => ({ ...d, nonces: Array.from({ length: 1025 }, () => toBase64Url(new Uint8Array(32))) }),
    details: { field: 'document.nonces', length: 1025, limit: 1024 },
  },
  {
    code: 'TOO_LONG',
    check: 'document.form',
    why: 'more evidence than any quote has',
    document: (d) => ({ ...d, evidence: { ...d.evidence, bytes: 'A'.repeat(90_000) } }),
    details: { field: 'document.evidence.bytes' },
  },
  {
    code: 'TOO_LONG',
    check: 'statement.form',
    why: 'a key source that is an essay',
    statement: (s) => ({ ...s, config: { ...s.config, keySource: 'x'.repeat(257) } }),
    details: { field: 'statement.config.keySource', length: 257, limit: 256 },
  },
])
