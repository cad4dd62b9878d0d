import { concatBytes } from '@blindai/core'
import { MOCK_MEASUREMENTS } from '@blindai/simulator'
import { authority } from '../support/mock.ts'
import { evidenceBytes, flip, hex, type Refusal, refuse, signature } from '../support/refusal.ts'

/** Offsets: Intel SGX ECDSA QuoteLibReference DCAP API, A.4; header 0, report 48, signature data size 432. */
refuse(
  'an SGX quote refused for its form',
  'none',
  [
    {
      code: 'UNKNOWN_VERSION',
      check: 'evidence.form',
      why: 'a quote of version 2',
      changes: { sgxQuoteHeader: (h) => ({ ...h, version: 2 }) },
      details: { field: 'quote header VERSION', actual: 2 },
    },
    {
      code: 'UNKNOWN_VERSION',
      check: 'evidence.form',
      why: 'a quote of version 4, the structure of TDX',
      changes: { sgxQuoteHeader: (h) => ({ ...h, version: 4 }) },
      details: { actual: 4 },
    },
    {
      code: 'UNSUPPORTED_VALUE',
      check: 'evidence.form',
      why: 'an attestation key of type 3',
      changes: { sgxQuoteHeader: (h) => ({ ...h, attestationKeyType: 3 }) },
      details: { field: 'quote header ATT_KEY_TYPE', expected: '2', actual: '3' },
    },
    {
      code: 'RESERVED_NOT_ZERO',
      check: 'evidence.form',
      why: 'a TEE type where version 3 has reserved bytes',
      changes: { sgxQuoteHeader: (h) => ({ ...h, reserved: hex('81000000') }) },
      details: { field: 'quote header RESERVED' },
    },
    {
      code: 'UNSUPPORTED_VALUE',
      check: 'evidence.form',
      why: 'a quoting enclave of another vendor',
      changes: { sgxQuoteHeader: (h) => ({ ...h, qeVendorId: new Uint8Array(16) }) },
      details: { field: 'quote header QE_VENDOR_ID' },
    },
    ...([20, 96, 160, 262] as const).map(
      (offset, index): Refusal => ({
        code: 'RESERVED_NOT_ZERO',
        check: 'evidence.form',
        why: `reserved bytes at ${offset} of the enclave's report`,
        document: evidenceBytes((quote) => flip(quote, 48 + offset)),
        details: { field: `enclave report RESERVED${index + 1}` },
      }),
    ),
    {
      code: 'RESERVED_NOT_ZERO',
      check: 'evidence.form',
      why: 'reserved bytes of the report of the quoting enclave',
      changes: { signatureData: signature((d) => ({ qeReport: flip(d.qeReport, 20) })) },
      details: { field: 'QE report RESERVED1' },
    },
    {
      code: 'UNSUPPORTED_VALUE',
      check: 'evidence.form',
      why: 'certification data of type 3, an encrypted platform identifier',
      changes: { signatureData: signature(() => ({ innerType: 3 })) },
      details: { field: 'QE report CERTIFICATION_DATA_TYPE', expected: '5', actual: '3' },
    },
    {
      code: 'TRUNCATED',
      check: 'evidence.form',
      why: 'signature data one byte longer than the quote',
      document: evidenceBytes((quote) => quote.slice(0, -1)),
    },
    {
      code: 'TRAILING_BYTES',
      check: 'evidence.form',
      why: 'something after the quote',
      document: evidenceBytes((quote) => concatBytes(quote, Uint8Array.of(0, 1))),
      details: { field: 'quote', count: 2 },
    },
    {
      code: 'TRAILING_BYTES',
      check: 'evidence.form',
      why: 'a byte between certification data and the end of the signature data',
      document: evidenceBytes((quote) => {
        const longer = concatBytes(quote, Uint8Array.of(0))
        new DataView(longer.buffer).setUint32(432, longer.byteLength - 436, true)
        return longer
      }),
      details: { field: 'QE report certification data' },
    },
    {
      code: 'TOO_LONG',
      check: 'evidence.form',
      why: 'more than any quote has',
      document: evidenceBytes((quote) => concatBytes(quote, new Uint8Array(32_768))),
      details: { field: 'quote' },
    },
    {
      code: 'NOT_PEM',
      check: 'evidence.form',
      why: 'a chain that ends in two zero bytes',
      changes: { signatureData: signature(({ pckChain }) => ({ pckChain: concatBytes(pckChain, new Uint8Array(1)) })) },
    },
    {
      code: 'UNKNOWN_VERSION',
      check: 'evidence.form',
      why: 'a TDX quote under the label of SGX',
      document: evidenceBytes(() => authority.quote(new Uint8Array(64), MOCK_MEASUREMENTS)),
      details: { actual: 4 },
    },
    {
      code: 'ENDORSEMENTS_MISSING',
      check: 'endorsements.form',
      why: 'no endorsements at all',
      document: ({ endorsements: _, ...rest }) => rest,
      details: { format: 'simulated-sgx' },
    },
  ],
  'sgx',
)
