import { concatBytes } from '@blindai/core'
import { flip, hex, OFF_CURVE, type Refusal, refuse, signature, vouchedFor, zeros48 } from '../support/refusal.ts'

refuse('refused for its quote', 'none', [
  {
    code: 'QUOTE_SIGNATURE_INVALID',
    check: 'tdx.quote-signature',
    why: 'a quote with another signature',
    changes: { signatureData: signature((d) => ({ quoteSignature: flip(d.quoteSignature, 0) })) },
  },
  {
    code: 'UNKNOWN_VERSION',
    check: 'evidence.form',
    why: 'a quote of version 6',
    changes: { quoteHeader: (h) => ({ ...h, version: 6 }) },
    details: { field: 'quote header VERSION', actual: 6 },
  },
  {
    code: 'UNKNOWN_VERSION',
    check: 'evidence.form',
    why: 'a quote of version 3',
    changes: { quoteHeader: (h) => ({ ...h, version: 3 }) },
  },
  {
    code: 'UNSUPPORTED_VALUE',
    check: 'evidence.form',
    why: 'an attestation key of type 3',
    changes: { quoteHeader: (h) => ({ ...h, attestationKeyType: 3 }) },
    details: { field: 'quote header ATT_KEY_TYPE' },
  },
  {
    code: 'UNSUPPORTED_VALUE',
    check: 'evidence.form',
    why: 'a quote of an SGX enclave',
    changes: { quoteHeader: (h) => ({ ...h, teeType: 0 }) },
    details: { field: 'quote header TEE_TYPE' },
  },
  {
    code: 'UNSUPPORTED_VALUE',
    check: 'evidence.form',
    why: 'a quoting enclave of another vendor',
    changes: { quoteHeader: (h) => ({ ...h, qeVendorId: new Uint8Array(16) }) },
    details: { field: 'quote header QE_VENDOR_ID' },
  },
  {
    code: 'RESERVED_NOT_ZERO',
    check: 'evidence.form',
    why: 'reserved bytes in the header',
    changes: { quoteHeader: (h) => ({ ...h, reserved: hex('00000001') }) },
  },
  ...([20, 96, 160, 262] as const).map(
    (offset, index): Refusal => ({
      code: 'RESERVED_NOT_ZERO',
      check: 'evidence.form',
      why: `reserved bytes at ${offset} of the QE report`,
      changes: { signatureData: signature((d) => ({ qeReport: flip(d.qeReport, offset) })) },
      details: { field: `QE report RESERVED${index + 1}` },
    }),
  ),
  {
    code: 'UNSUPPORTED_VALUE',
    check: 'evidence.form',
    why: 'certification data of another kind outside',
    changes: { signatureData: signature(() => ({ outerType: 5 })) },
  },
  {
    code: 'UNSUPPORTED_VALUE',
    check: 'evidence.form',
    why: 'certification data of another kind inside',
    changes: { signatureData: signature(() => ({ innerType: 3 })) },
  },
  {
    code: 'NOT_PEM',
    check: 'evidence.form',
    why: 'a chain that ends in two zero bytes',
    changes: { signatureData: signature(({ pckChain }) => ({ pckChain: concatBytes(pckChain, new Uint8Array(1)) })) },
  },
  {
    code: 'PUBLIC_KEY_INVALID',
    check: 'tdx.quote-signature',
    why: 'an attestation key that is no point of its curve, though vouched for',
    changes: {
      qeReport: (r) => ({ ...r, reportData: vouchedFor }),
      signatureData: signature(() => ({ attestationKey: OFF_CURVE, qeAuthenticationData: new Uint8Array() })),
    },
  },
  {
    code: 'TDX_MODULE_UNKNOWN',
    check: 'tdx.module',
    why: 'a TDX module of a version that nobody lists',
    changes: { tdReport: (r) => ({ ...r, teeTcbSvn: r.teeTcbSvn.map((svn, i) => (i === 1 ? 9 : svn)) }) },
    details: { version: 9 },
  },
  {
    code: 'TDX_MODULE_MRSIGNER_MISMATCH',
    check: 'tdx.module',
    why: 'a TDX module by another signer',
    changes: { tdReport: (r) => ({ ...r, mrSignerSeam: flip(r.mrSignerSeam, 47) }) },
    details: { field: 'MRSIGNERSEAM', expected: zeros48 },
  },
  {
    code: 'TDX_MODULE_ATTRIBUTES_MISMATCH',
    check: 'tdx.module',
    why: 'a TDX module in a debug mode',
    changes: { tdReport: (r) => ({ ...r, seamAttributes: hex('0100000000000000') }) },
  },
  {
    code: 'TCB_NOT_SUPPORTED',
    check: 'tdx.tcb',
    why: 'a platform below every level by one SGX component',
    changes: {
      pckPlatform: (p) => ({ ...p, sgxTcbComponents: p.sgxTcbComponents.map((svn, i) => (i === 0 ? 1 : svn)) }),
    },
    details: { part: 'platform' },
  },
  {
    code: 'TCB_NOT_SUPPORTED',
    check: 'tdx.tcb',
    why: 'a platform below every level by its PCE',
    changes: { pckPlatform: (p) => ({ ...p, pceSvn: 1 }) },
  },
  {
    code: 'TCB_NOT_SUPPORTED',
    check: 'tdx.tcb',
    why: 'a platform below every level by TDX component 2',
    changes: { tdReport: (r) => ({ ...r, teeTcbSvn: r.teeTcbSvn.map((svn, i) => (i === 2 ? 0 : svn)) }) },
  },
])
