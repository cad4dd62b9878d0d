import { toBase64Url } from '@blindai/core'
import { NOW } from '../support/mock.ts'
import { flip, keyset, nonce, refuse, reworded } from '../support/refusal.ts'

refuse('refused for what it is bound to', 'none', [
  {
    code: 'REPORT_DATA_MISMATCH',
    check: 'binding.report-data',
    why: 'evidence over a statement with one bit more (relay of another server)',
    changes: { tdReport: (r) => ({ ...r, reportData: flip(r.reportData, 0) }) },
  },
  {
    code: 'REPORT_DATA_MISMATCH',
    check: 'binding.report-data',
    why: 'a statement that says another key than the evidence vouches for',
    document: (d) => ({ ...d, statement: reworded(d.statement, '"ephemeral"', '"broker"') }),
  },
  {
    code: 'REPORT_DATA_MISMATCH',
    check: 'binding.report-data',
    why: 'cached evidence that claims to answer our nonce',
    document: (d) => ({ ...d, nonce: toBase64Url(nonce(1)) }),
    options: { nonce: nonce(1) },
  },
  {
    code: 'NONCE_MISMATCH',
    check: 'binding.nonce',
    why: 'an answer to an older nonce (replay)',
    nonces: [nonce(1)],
    options: { nonce: nonce(2) },
  },
  {
    code: 'NONCE_MISMATCH',
    check: 'binding.nonce',
    why: 'cached evidence when we asked with a nonce',
    options: { nonce: nonce(1) },
  },
  {
    code: 'NONCE_MISMATCH',
    check: 'binding.nonce',
    why: 'shared evidence without our nonce',
    nonces: [nonce(1), nonce(2)],
    options: { nonce: nonce(3) },
  },
  {
    code: 'NONCE_COMBINATION_MISMATCH',
    check: 'binding.nonce',
    why: 'a list to which our nonce was added later',
    nonces: [nonce(1), nonce(2)],
    document: (d) => ({ ...d, nonces: [...(d.nonces ?? []), toBase64Url(nonce(3))] }),
    options: { nonce: nonce(3) },
  },
  {
    code: 'NONCE_COMBINATION_MISMATCH',
    check: 'binding.nonce',
    why: 'a list in another order, even when we asked without a nonce',
    nonces: [nonce(1), nonce(2)],
    document: (d) => ({ ...d, nonces: [...(d.nonces ?? [])].reverse() }),
  },
  {
    code: 'STATEMENT_EXPIRED',
    check: 'binding.statement-window',
    why: 'keys that expired a second ago',
    statement: keyset({ notAfter: NOW - 1 }),
    details: { notAfter: NOW - 1, now: NOW },
  },
  {
    code: 'STATEMENT_NOT_YET_VALID',
    check: 'binding.statement-window',
    why: 'keys of the next second',
    statement: keyset({ notBefore: NOW + 1 }),
  },
  {
    code: 'CHANNEL_KEY_MISMATCH',
    check: 'binding.channel-key',
    why: 'a TLS connection that ends at another key',
    options: { channel: { kind: 'tls', spkiSha256: new Uint8Array(32) } },
    details: { actual: '00'.repeat(32) },
  },
  {
    code: 'CHANNEL_KEY_MISMATCH',
    check: 'binding.channel-key',
    why: 'a TLS connection to a server that has no TLS key',
    statement: keyset({ tls: [] }),
    options: { channel: { kind: 'tls', spkiSha256: new Uint8Array(32).fill(0x71) } },
  },
])
