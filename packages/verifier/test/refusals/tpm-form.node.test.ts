import { concatBytes, toBase64Url, utf8 } from '@blindai/core'
import {
  selectPcrs,
  TPM_IDS,
  type TpmAttestFields,
  type TpmPublicFields,
  type TpmSignatureFields,
} from '@blindai/simulator'
import { extraMember, fields, listed, member, tpmAuthority, withoutMember } from '../support/tpm-mock.ts'
import { refuseTpm, type TpmRefusal } from '../support/tpm-refusal.ts'

/** Sections are of the TPM 2.0 Library, Part 2. */
const attest = fields<TpmAttestFields>
const publicArea = fields<TpmPublicFields>
const signature = fields<TpmSignatureFields>
const form = (code: string, why: string, rest: Partial<TpmRefusal>): TpmRefusal => ({
  code,
  check: 'evidence.form',
  why,
  ...rest,
})
const stapled = (code: string, why: string, rest: Partial<TpmRefusal>): TpmRefusal => ({
  ...form(code, why, rest),
  check: 'endorsements.form',
})
const select = selectPcrs([0, 4, 7, 11])

refuseTpm('the evidence of a TPM is refused for its text', 'none', [
  form('NOT_JSON', 'no JSON', { changes: { evidence: () => utf8('quote') } }),
  form('NOT_UTF8', 'text of another alphabet', {
    changes: { evidence: (bytes) => concatBytes(bytes, new Uint8Array([0xc3])) },
  }),
  form('TOO_LONG', 'more bytes than evidence has', {
    changes: { evidence: (bytes) => concatBytes(bytes, new Uint8Array(16_384).fill(0x20)) },
    details: { field: 'TPM evidence', limit: 16_384 },
  }),
  form('WRONG_VALUE', 'version 2', { changes: member('version', 2), details: { field: 'TPM evidence.version' } }),
  form('MISSING_MEMBER', 'no quote', { changes: withoutMember('quoted'), details: { member: 'quoted' } }),
  form('MISSING_MEMBER', 'no signature', { changes: withoutMember('signature'), details: { member: 'signature' } }),
  form('MISSING_MEMBER', 'no key', { changes: withoutMember('akPublic'), details: { member: 'akPublic' } }),
  form('MISSING_MEMBER', 'no registers', { changes: withoutMember('pcrs'), details: { member: 'pcrs' } }),
  form('UNKNOWN_MEMBER', 'a member of no meaning', { changes: extraMember('nonce', ''), details: { member: 'nonce' } }),
  form('DUPLICATE_MEMBER', 'two quotes', { changes: extraMember('quoted', ''), details: { member: 'quoted' } }),
  form('UNKNOWN_MEMBER', 'registers of SHA-1', {
    changes: { banks: (banks) => ({ ...banks, sha1: {} }) },
    details: { field: 'TPM evidence.pcrs', member: 'sha1' },
  }),
  form('UNKNOWN_MEMBER', 'a register beyond the last', {
    changes: listed('24', '00'.repeat(32)),
    details: { field: 'TPM evidence.pcrs.sha256', member: '24' },
  }),
  form('UNKNOWN_MEMBER', 'a register by another spelling', { changes: listed('04', 'a4'.repeat(32)) }),
  form('WRONG_LENGTH', 'a register a byte short', {
    changes: listed('4', 'a4'.repeat(31)),
    details: { field: 'TPM evidence.pcrs.sha256.4', expected: 32, actual: 31 },
  }),
  form('NOT_HEX', 'a register that is no hexadecimal', { changes: listed('4', 'zz'.repeat(32)) }),
])

refuseTpm('the quote of a TPM is refused for its form', 'none', [
  form('TPM_NOT_GENERATED', 'a magic that no TPM writes (10.12.12, offset 0)', {
    changes: { attest: attest({ magic: 0xff54_4348 }) },
    details: { actual: '0xff544348' },
  }),
  form('TPM_NOT_A_QUOTE', 'a statement about a key, not a quote (6.9, offset 4)', {
    changes: { attest: attest({ type: 0x8017 }) },
    details: { actual: '0x8017' },
  }),
  form('TOO_LONG', 'a signer longer than any (10.5.3, offset 6)', {
    changes: { attest: attest({ qualifiedSigner: new Uint8Array(67) }) },
    details: { field: 'TPMS_ATTEST qualifiedSigner', length: 67, limit: 66 },
  }),
  form('TOO_LONG', 'extra data longer than any (10.4.3)', {
    changes: { attest: attest({ extraData: new Uint8Array(67) }) },
    details: { field: 'TPMS_ATTEST extraData', length: 67, limit: 66 },
  }),
  form('WRONG_VALUE', 'a clock that is neither safe nor not (9.2)', {
    changes: { attest: attest({ safe: 2 }) },
    details: { field: 'TPMS_ATTEST clockInfo.safe' },
  }),
  form('UNSUPPORTED_ALGORITHM', 'registers of SHA-1 (10.6.2)', {
    changes: { attest: attest({ selections: [{ hash: TPM_IDS.sha1, select }] }) },
    details: { field: 'TPMS_ATTEST pcrSelect[0] hash', actual: '0x0004' },
  }),
  form('WRONG_VALUE', 'the same bank twice (10.9.7)', {
    changes: {
      attest: attest({
        selections: [
          { hash: TPM_IDS.sha256, select },
          { hash: TPM_IDS.sha256, select: selectPcrs([1]) },
        ],
      }),
    },
    details: { field: 'TPMS_ATTEST pcrSelect' },
  }),
  form('WRONG_VALUE', 'a selection of 4 octets, more than a PC has (10.6.2)', {
    changes: { attest: attest({ selections: [{ hash: TPM_IDS.sha256, select: new Uint8Array(4) }] }) },
    details: { field: 'TPMS_ATTEST pcrSelect[0] sizeofSelect' },
  }),
  form('TOO_LONG', 'more banks than there are hashes (10.9.7)', {
    changes: { attestBytes: (bytes) => bytes.map((byte, i) => (i === bytes.length - 44 ? 0xff : byte)) },
    details: { field: 'TPMS_ATTEST pcrSelect count' },
  }),
  form('TOO_LONG', 'a digest longer than any (10.4.2)', {
    changes: { attest: attest({ pcrDigest: new Uint8Array(65) }) },
    details: { field: 'TPMS_ATTEST pcrDigest', length: 65, limit: 64 },
  }),
  form('TRUNCATED', 'a quote without its last byte', { changes: { attestBytes: (bytes) => bytes.slice(0, -1) } }),
  form('TRAILING_BYTES', 'a quote with a byte after it', {
    changes: { attestBytes: (bytes) => concatBytes(bytes, new Uint8Array(1)) },
    details: { field: 'TPMS_ATTEST', count: 1 },
  }),
])

refuseTpm('the signature of a quote is refused for its form', 'none', [
  form('UNSUPPORTED_ALGORITHM', 'a scheme that is not known (11.3.4, offset 0)', {
    changes: { signature: signature({ sigAlg: 0x001a }) },
    details: { field: 'TPMT_SIGNATURE sigAlg', actual: '0x001a' },
  }),
  form('UNSUPPORTED_ALGORITHM', 'a signature of SHA-1 (11.3.2, offset 2)', {
    changes: { signature: signature({ hash: TPM_IDS.sha1 }) },
    details: { field: 'TPMT_SIGNATURE sigAlg hash', actual: '0x0004' },
  }),
  form('WRONG_VALUE', 'a number of no bytes', {
    changes: { signature: signature({ numbers: [new Uint8Array(), new Uint8Array(32)] }) },
    details: { field: 'TPMT_SIGNATURE signatureR' },
  }),
  form('TOO_LONG', 'a number longer than a coordinate', {
    changes: { signature: signature({ numbers: [new Uint8Array(49), new Uint8Array(32)] }) },
    details: { field: 'TPMT_SIGNATURE signatureR', length: 49, limit: 48 },
  }),
  form('TRAILING_BYTES', 'a third number', {
    changes: { signatureBytes: (bytes) => concatBytes(bytes, new Uint8Array(2)) },
    details: { field: 'TPMT_SIGNATURE', count: 2 },
  }),
])

refuseTpm('an attestation key is refused for its form', 'none', [
  form('UNSUPPORTED_ALGORITHM', 'a key of a symmetric cipher (12.2.4, offset 0)', {
    changes: { public: publicArea({ type: TPM_IDS.aes }) },
    details: { field: 'TPMT_PUBLIC type', actual: '0x0006' },
  }),
  form('UNSUPPORTED_ALGORITHM', 'a name of SHA-1 (12.2.4, offset 2)', {
    changes: { public: publicArea({ nameAlg: TPM_IDS.sha1 }) },
    details: { field: 'TPMT_PUBLIC nameAlg', actual: '0x0004' },
  }),
  form('TOO_LONG', 'a policy longer than any digest (12.2.4, offset 8)', {
    changes: { public: publicArea({ authPolicy: new Uint8Array(65) }) },
    details: { field: 'TPMT_PUBLIC authPolicy', length: 65, limit: 64 },
  }),
  form('UNSUPPORTED_ALGORITHM', 'a scheme of SHA-1 (12.2.3.6)', {
    changes: { public: publicArea({ scheme: [TPM_IDS.ecdsa, TPM_IDS.sha1] }) },
    details: { field: 'TPMT_PUBLIC scheme hash', actual: '0x0004' },
  }),
  form('UNSUPPORTED_VALUE', 'an elliptic key that signs as RSA', {
    changes: { public: publicArea({ scheme: [TPM_IDS.rsassa, TPM_IDS.sha256] }) },
    details: { field: 'TPMT_PUBLIC scheme', expected: 'a scheme of EC', actual: 'RSASSA' },
  }),
  form('UNSUPPORTED_ALGORITHM', 'a curve that is not known (6.4)', {
    changes: { public: publicArea({ parameters: { curveId: 0x0005, kdf: [TPM_IDS.null] } }) },
    details: { field: 'TPMT_PUBLIC curveID', actual: '0x0005' },
  }),
  form('UNSUPPORTED_ALGORITHM', 'a key that derives others (12.2.3.6)', {
    changes: { public: publicArea({ parameters: { curveId: TPM_IDS.p256, kdf: [0x0022, TPM_IDS.sha256] } }) },
    details: { field: 'TPMT_PUBLIC kdf', actual: '0x0022' },
  }),
  form('UNSUPPORTED_VALUE', 'RSA of 1024 bits (12.2.3.5)', {
    changes: {
      public: publicArea({
        type: TPM_IDS.rsa,
        scheme: [TPM_IDS.rsassa, TPM_IDS.sha256],
        parameters: { keyBits: 1024, exponent: 0 },
        unique: [new Uint8Array(128).fill(0xff)],
      }),
    },
    details: { field: 'TPMT_PUBLIC keyBits', actual: '1024' },
  }),
  form('UNSUPPORTED_VALUE', 'RSA with the exponent 3 (12.2.3.5)', {
    changes: {
      public: publicArea({
        type: TPM_IDS.rsa,
        scheme: [TPM_IDS.rsassa, TPM_IDS.sha256],
        parameters: { keyBits: 2048, exponent: 3 },
        unique: [new Uint8Array(256).fill(0xff)],
      }),
    },
    details: { field: 'TPMT_PUBLIC exponent', actual: '3' },
  }),
  form('WRONG_LENGTH', 'RSA with a modulus shorter than it says (11.2.4.5)', {
    changes: {
      public: publicArea({
        type: TPM_IDS.rsa,
        scheme: [TPM_IDS.rsassa, TPM_IDS.sha256],
        parameters: { keyBits: 2048, exponent: 0 },
        unique: [new Uint8Array(255).fill(0xff)],
      }),
    },
    details: { field: 'TPMT_PUBLIC unique', expected: 256, actual: 255 },
  }),
  form('PUBLIC_KEY_INVALID', 'RSA with a modulus that begins with a zero bit', {
    changes: {
      public: publicArea({
        type: TPM_IDS.rsa,
        scheme: [TPM_IDS.rsassa, TPM_IDS.sha256],
        parameters: { keyBits: 2048, exponent: 0 },
        unique: [new Uint8Array(256).fill(0x7f)],
      }),
    },
    details: { field: 'TPMT_PUBLIC unique' },
  }),
  form('WRONG_LENGTH', 'a coordinate a byte short (11.2.5.2)', {
    changes: { public: publicArea({ unique: [new Uint8Array(31), new Uint8Array(32)] }) },
    details: { field: 'TPMT_PUBLIC unique.x', expected: 32, actual: 31 },
  }),
  form('TRAILING_BYTES', 'a byte after the key', {
    changes: { publicBytes: (bytes) => concatBytes(bytes, new Uint8Array(1)) },
    details: { field: 'TPMT_PUBLIC', count: 1 },
  }),
])

refuseTpm('endorsements of a TPM are refused for their form', 'none', [
  stapled('WRONG_VALUE', "another technology's", {
    endorsements: (all) => ({ ...all, type: 'snp' }),
    details: { field: 'endorsements.type' },
  }),
  stapled('MISSING_MEMBER', 'a certificate without its chain', {
    endorsements: ({ akChain: _, ...all }) => all,
    details: { member: 'akChain' },
  }),
  stapled('MISSING_MEMBER', 'a chain without its certificate', {
    endorsements: ({ ekCertificate: _, ...all }) => all,
    details: { member: 'ekCertificate' },
  }),
  stapled('UNKNOWN_MEMBER', 'a member of no meaning', {
    endorsements: (all) => ({ ...all, crl: '' }),
    details: { member: 'crl' },
  }),
  stapled('NOT_DER', 'a certificate without its last byte', {
    endorsements: (all) => ({ ...all, akCertificate: toBase64Url(tpmAuthority.certificates.ak.slice(0, -1)) }),
  }),
  stapled('NOT_PEM', 'a chain that is no PEM', { endorsements: (all) => ({ ...all, akChain: 'none' }) }),
])
