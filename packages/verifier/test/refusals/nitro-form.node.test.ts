import { concatBytes, toBase64Url } from '@blindai/core'
import type { CborEntry } from '@blindai/simulator'
import { bundle, extraMember, member, part, register, registers, withoutMember } from '../support/nitro-mock.ts'
import { type NitroRefusal, refuseNitro } from '../support/nitro-refusal.ts'
import { hex } from '../support/refusal.ts'

const form = (code: string, why: string, rest: Partial<NitroRefusal>): NitroRefusal => ({
  code,
  check: 'evidence.form',
  why,
  ...rest,
})
const zeros = (length: number): Uint8Array => new Uint8Array(length)

/** Source of what is right: RFC 9052 section 4.2; NSM API, attestation_process.md, section 3.1. */
refuseNitro('a Nitro document is refused for its COSE message', 'none', [
  form('TRUNCATED', 'no bytes at all', { changes: { evidence: () => zeros(0) } }),
  form('TRUNCATED', 'a message without its last byte', { changes: { evidence: (bytes) => bytes.slice(0, -1) } }),
  form('TRAILING_BYTES', 'a zero byte after the message', {
    changes: { evidence: (bytes) => concatBytes(bytes, zeros(1)) },
    details: { field: 'COSE_Sign1', count: 1 },
  }),
  form('TOO_LONG', 'a message longer than any', { changes: { evidence: () => zeros(20_481) } }),
  form('WRONG_TYPE', 'a map in place of the message', { changes: { evidence: () => hex('a0') } }),
  form('UNSUPPORTED_VALUE', 'the tag of COSE_Mac0', {
    changes: { evidence: (bytes) => concatBytes(hex('d1'), bytes) },
    details: { field: 'COSE_Sign1 tag', expected: '18', actual: '17' },
  }),
  form('UNSUPPORTED_VALUE', 'the right tag twice', {
    changes: { evidence: (bytes) => concatBytes(hex('d1d2'), bytes) },
  }),
  form('NOT_CBOR', 'a list that ends in a break', {
    changes: { evidence: (bytes) => concatBytes(hex('9f'), bytes.slice(1), hex('ff')) },
    details: { expected: 'a definite length' },
  }),
  form('WRONG_VALUE', 'a message of three parts', { changes: { message: (parts) => parts.slice(0, 3) } }),
  form('TOO_LONG', 'a message of five parts', { changes: { message: (parts) => [...parts, null] } }),
  form('UNSUPPORTED_ALGORITHM', 'ES256', {
    changes: { protectedHeader: () => [[1, -7]] },
    details: { field: 'COSE_Sign1 protected alg', actual: '-7' },
  }),
  form('UNSUPPORTED_ALGORITHM', 'ES512', { changes: { protectedHeader: () => [[1, -36]] } }),
  form('UNSUPPORTED_ALGORITHM', 'an algorithm by name', { changes: { protectedHeader: () => [[1, 'ES384']] } }),
  form('UNSUPPORTED_ALGORITHM', 'no algorithm but null', { changes: { protectedHeader: () => [[1, null]] } }),
  form('MISSING_MEMBER', 'a protected header without algorithm', {
    changes: { protectedHeader: () => [] },
    details: { field: 'COSE_Sign1 protected', member: '1' },
  }),
  form('UNKNOWN_MEMBER', 'a protected header with a content type', {
    changes: { protectedHeader: (header) => [...header, [3, 0]] },
    details: { field: 'COSE_Sign1 protected', member: '3' },
  }),
  form('DUPLICATE_MEMBER', 'a protected header with two algorithms', {
    changes: { protectedHeader: (header) => [...header, [1, -7]] },
  }),
  form('WRONG_VALUE', 'a protected header of no bytes', { changes: part(0, () => zeros(0)) }),
  form('TOO_LONG', 'a protected header longer than any', { changes: part(0, () => zeros(65)) }),
  form('WRONG_TYPE', 'a protected header that is no byte string', {
    changes: part(0, () => ({ entries: [[1, -35]] })),
  }),
  form('UNKNOWN_MEMBER', 'the algorithm in the unprotected header', {
    changes: { unprotectedHeader: () => [[1, -35]] },
    details: { field: 'COSE_Sign1 unprotected', member: '1' },
  }),
  form('UNKNOWN_MEMBER', 'a key identifier that nobody signed', {
    changes: { unprotectedHeader: () => [[4, zeros(4)]] },
  }),
  form('WRONG_TYPE', 'an unprotected header that is no map', { changes: part(1, () => null) }),
  form('WRONG_TYPE', 'a payload that is elsewhere', { changes: part(2, () => null) }),
  form('WRONG_VALUE', 'a payload of no bytes', { changes: part(2, () => zeros(0)) }),
  form('TOO_LONG', 'a payload longer than any', { changes: part(2, () => zeros(16_385)) }),
  form('WRONG_LENGTH', 'a signature without its last byte', {
    changes: { signature: (bytes) => bytes.slice(0, -1) },
    details: { field: 'COSE_Sign1 signature', expected: 96, actual: 95 },
  }),
  form('WRONG_LENGTH', 'a signature on P-256', { changes: { signature: (bytes) => bytes.slice(0, 64) } }),
  {
    code: 'UNKNOWN_MEMBER',
    check: 'endorsements.form',
    why: 'endorsements, of which it has none',
    document: (d) => ({ ...d, endorsements: {} }),
    details: { field: 'document', member: 'endorsements' },
  },
])

/** Source of what is right: NSM API, attestation_process.md, sections 2.2 and 3.2.2. */
refuseNitro('a Nitro document is refused for its members', 'none', [
  form('WRONG_TYPE', 'a list in place of the document', { changes: { payload: () => hex('80') } }),
  form('TRAILING_BYTES', 'a byte after the document', {
    changes: { payload: (bytes) => concatBytes(bytes, zeros(1)) },
  }),
  form('TRUNCATED', 'a document without its break', { changes: { payload: (bytes) => bytes.slice(0, -1) } }),
  form('UNKNOWN_MEMBER', 'a member that no document has', { changes: extraMember('debug', false) }),
  form('DUPLICATE_MEMBER', 'user data twice', {
    changes: extraMember('user_data', zeros(64)),
    details: { field: 'attestation document', member: 'user_data' },
  }),
  form('NOT_CBOR', 'a byte string as key', { changes: extraMember(zeros(1), null) }),
  form('MISSING_MEMBER', 'no module', { changes: withoutMember('module_id') }),
  form('WRONG_VALUE', 'a module without a name', { changes: member('module_id', '') }),
  form('WRONG_TYPE', 'a module whose name is bytes', { changes: member('module_id', zeros(4)) }),
  form('NOT_UTF8', 'a module whose name is no UTF-8', { changes: member('module_id', { raw: hex('61ff') }) }),
  form('TOO_LONG', 'a module with a name longer than any', { changes: member('module_id', 'i'.repeat(257)) }),
  form('UNSUPPORTED_VALUE', 'registers of SHA-512', {
    changes: member('digest', 'SHA512'),
    details: { field: 'attestation document digest', expected: 'SHA384', actual: 'SHA512' },
  }),
  form('MISSING_MEMBER', 'no digest', { changes: withoutMember('digest') }),
  form('MISSING_MEMBER', 'no time', { changes: withoutMember('timestamp') }),
  form('WRONG_VALUE', 'the time 0', { changes: member('timestamp', 0) }),
  form('WRONG_VALUE', 'a time before 1970', { changes: member('timestamp', -1) }),
  form('WRONG_VALUE', 'a time after the year 9999', { changes: member('timestamp', 253_402_300_800_000) }),
  form('WRONG_VALUE', 'a time past 2^53', { changes: member('timestamp', { raw: hex('1bffffffffffffffff') }) }),
  form('WRONG_TYPE', 'a time as text', { changes: member('timestamp', '1') }),
  form('NOT_CBOR', 'a time with a leading zero', {
    changes: member('timestamp', { raw: hex('1b00000000ffffffff') }),
    details: { expected: 'the shortest form of a number' },
  }),
  form('NOT_CBOR', 'a time as a fraction', { changes: member('timestamp', { raw: hex('fb4279f3c4d1a40000') }) }),
  form('MISSING_MEMBER', 'no registers', { changes: withoutMember('pcrs') }),
  form('MISSING_MEMBER', 'the registers of a NitroTPM, which speaks for no enclave', {
    changes: {
      document: (all) => all.map(([key, value]): CborEntry => [key === 'pcrs' ? 'nitrotpm_pcrs' : key, value]),
    },
    details: { field: 'attestation document', member: 'pcrs' },
  }),
  form('WRONG_TYPE', 'registers as a list', { changes: member('pcrs', [zeros(48)]) }),
  form('NOT_CBOR', 'registers that end in a break', { changes: member('pcrs', { entries: [], indefinite: true }) }),
  form('MISSING_MEMBER', 'no register at all', { changes: registers(() => []) }),
  ...[0, 1, 2].map((number) =>
    form('MISSING_MEMBER', `no register ${number}`, {
      changes: registers((pcrs) => pcrs.filter(([key]) => key !== number)),
      details: { field: 'attestation document pcrs', member: String(number) },
    }),
  ),
  form('DUPLICATE_MEMBER', 'register 0 twice', { changes: registers((pcrs) => [...pcrs, [0, zeros(48)]]) }),
  form('UNKNOWN_MEMBER', 'register 32', { changes: registers((pcrs) => [...pcrs, [32, zeros(48)]]) }),
  form('UNKNOWN_MEMBER', 'register -1', { changes: registers((pcrs) => [...pcrs, [-1, zeros(48)]]) }),
  form('UNKNOWN_MEMBER', 'a register with a name', { changes: registers((pcrs) => [...pcrs, ['0', zeros(48)]]) }),
  form('WRONG_VALUE', 'a register of 20 bytes', { changes: register(0, zeros(20)) }),
  form('WRONG_VALUE', 'a register of 47 bytes', { changes: register(0, zeros(47)) }),
  form('TOO_LONG', 'a register of 65 bytes', { changes: register(15, zeros(65)) }),
  form('WRONG_TYPE', 'a register as text', { changes: register(15, '00') }),
  form('MISSING_MEMBER', 'no certificate', { changes: withoutMember('certificate') }),
  form('WRONG_VALUE', 'a certificate of no bytes', { changes: member('certificate', zeros(0)) }),
  form('TOO_LONG', 'a certificate of 1,025 bytes', { changes: member('certificate', zeros(1025)) }),
  form('NOT_DER', 'a certificate that is none', { changes: member('certificate', zeros(8)) }),
  form('MISSING_MEMBER', 'no issuers', { changes: withoutMember('cabundle') }),
  form('WRONG_VALUE', 'an empty list of issuers', { changes: bundle(() => []) }),
  form('TOO_LONG', 'eleven issuers', { changes: bundle(([root = null]) => Array.from({ length: 11 }, () => root)) }),
  form('WRONG_TYPE', 'an issuer that is no byte string', { changes: bundle((issuers) => [...issuers, null]) }),
  form('NOT_DER', 'an issuer that is no certificate', { changes: bundle((issuers) => [...issuers, zeros(8)]) }),
  form('WRONG_VALUE', 'a public key of no bytes', { changes: member('public_key', zeros(0)) }),
  form('TOO_LONG', 'a public key of 1,025 bytes', { changes: member('public_key', zeros(1025)) }),
  form('TOO_LONG', 'user data of 513 bytes', { changes: member('user_data', zeros(513)) }),
  form('TOO_LONG', 'a nonce of 513 bytes', { changes: member('nonce', zeros(513)) }),
  form('WRONG_TYPE', 'user data as text', { changes: member('user_data', 'a') }),
  form('CBOR_TOO_DEEP', 'lists in lists', { changes: member('nonce', [[[[[[[[[1]]]]]]]]]) }),
  form('TRUNCATED', 'bytes that the document does not have', {
    changes: member('nonce', { raw: hex('5b001fffffffffffff') }),
  }),
  form('NOT_CBOR', 'a list of 2^32 items that are not there', {
    changes: member('nonce', { raw: hex('9b0000000100000000') }),
  }),
  {
    ...form('NOT_BASE64URL', 'evidence in another alphabet', {
      document: (d) => ({ ...d, evidence: { ...d.evidence, bytes: `${toBase64Url(zeros(2))}+` } }),
    }),
    check: 'document.form',
  },
])
