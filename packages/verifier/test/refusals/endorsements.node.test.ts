import type { JsonObject } from '@blindai/core'
import { endorsements, everyLevel, flip, hex, refuse, signature } from '../support/refusal.ts'

refuse('refused for its TCB info', 'none', [
  {
    code: 'TCB_INFO_SIGNATURE_INVALID',
    check: 'dcap.tcb-info',
    why: 'TCB info with one digit changed after it was signed',
    document: (d) =>
      endorsements({
        tcbInfo: d.endorsements?.tcbInfo.replace('"tcbEvaluationDataNumber":21', '"tcbEvaluationDataNumber":22'),
      })(d),
  },
  {
    code: 'TCB_INFO_SIGNATURE_INVALID',
    check: 'dcap.tcb-info',
    why: 'TCB info of the same value in another spelling',
    document: (d) => endorsements({ tcbInfo: d.endorsements?.tcbInfo.replace('"version":3', '"version": 3') })(d),
  },
  {
    code: 'WRONG_VALUE',
    check: 'endorsements.form',
    why: 'TCB info with white space around it',
    document: (d) => endorsements({ tcbInfo: `${d.endorsements?.tcbInfo}\n` })(d),
  },
  {
    code: 'DUPLICATE_MEMBER',
    check: 'endorsements.form',
    why: 'TCB info that says a member twice',
    changes: { tcbInfoText: (text) => text.replace('"tcbType":0', '"tcbType":0,"tcbType":0') },
  },
  {
    code: 'ENDORSEMENT_EXPIRED',
    check: 'dcap.tcb-info',
    why: 'TCB info past its next update',
    changes: { tcbInfo: (i) => ({ ...i, nextUpdate: '2026-11-23T04:19:29Z' }) },
    details: { subject: 'TCB info' },
  },
  {
    code: 'ENDORSEMENT_NOT_YET_VALID',
    check: 'dcap.tcb-info',
    why: 'TCB info from the next second',
    changes: { tcbInfo: (i) => ({ ...i, issueDate: '2026-11-23T04:19:31Z' }) },
  },
  {
    code: 'TCB_INFO_KIND_MISMATCH',
    check: 'dcap.tcb-info',
    why: 'TCB info for SGX',
    changes: { tcbInfo: (i) => ({ ...i, id: 'SGX' }) },
    details: { expected: 'TDX', actual: 'SGX' },
  },
  {
    code: 'FMSPC_MISMATCH',
    check: 'dcap.tcb-info',
    why: 'TCB info for another family of platforms',
    changes: { tcbInfo: (i) => ({ ...i, fmspc: 'B11DA1000001' }) },
    details: { pck: 'b11da1000000', tcbInfo: 'b11da1000001' },
  },
  {
    code: 'FMSPC_MISMATCH',
    check: 'dcap.tcb-info',
    why: 'a PCK certificate of another family of platforms',
    changes: { pckPlatform: (p) => ({ ...p, fmspc: hex('b11da1000002') }) },
  },
  {
    code: 'PCEID_MISMATCH',
    check: 'dcap.tcb-info',
    why: 'TCB info for another PCE',
    changes: { tcbInfo: (i) => ({ ...i, pceId: '0001' }) },
  },
  {
    code: 'WRONG_VALUE',
    check: 'endorsements.form',
    why: 'TCB info of version 2',
    changes: { tcbInfo: (i) => ({ ...i, version: 2 }) },
  },
  {
    code: 'WRONG_VALUE',
    check: 'endorsements.form',
    why: 'a level with a status that Intel does not have',
    changes: { tcbInfo: (i) => everyLevel(i, { tcbStatus: 'Fine' }) },
  },
  {
    code: 'WRONG_VALUE',
    check: 'endorsements.form',
    why: 'the same level twice',
    changes: { tcbInfo: (i) => ({ ...i, tcbLevels: [i.tcbLevels, i.tcbLevels].flat() as JsonObject[] }) },
  },
  {
    code: 'WRONG_VALUE',
    check: 'endorsements.form',
    why: 'no level at all',
    changes: { tcbInfo: (i) => ({ ...i, tcbLevels: [] }) },
  },
  {
    code: 'WRONG_LENGTH',
    check: 'endorsements.form',
    why: 'a level with fifteen components',
    changes: {
      tcbInfo: (i) => {
        const sgxtcbcomponents = Array.from({ length: 15 }, () => ({ svn: 0 }))
        return everyLevel(i, { tcb: { sgxtcbcomponents, pcesvn: 0, tdxtcbcomponents: sgxtcbcomponents } })
      },
    },
    details: { field: 'tcbInfo.tcbLevels[0].tcb.sgxtcbcomponents', expected: 16, actual: 15 },
  },
  {
    code: 'WRONG_VALUE',
    check: 'endorsements.form',
    why: 'a QE identity without levels',
    changes: { qeIdentity: (i) => ({ ...i, tcbLevels: [] }) },
    details: { field: 'enclaveIdentity.tcbLevels' },
  },
  {
    code: 'WRONG_VALUE',
    check: 'endorsements.form',
    why: 'a QE identity with a version twice',
    changes: { qeIdentity: (i) => ({ ...i, tcbLevels: [i.tcbLevels, i.tcbLevels].flat() as JsonObject[] }) },
    details: { field: 'enclaveIdentity.tcbLevels' },
  },
  {
    code: 'TOO_LONG',
    check: 'endorsements.form',
    why: 'TCB info of a mebibyte',
    document: endorsements({ tcbInfo: 'x'.repeat(1_048_576) }),
    details: { field: 'endorsements.tcbInfo' },
  },
  {
    code: 'WRONG_VALUE',
    check: 'endorsements.form',
    why: 'an issue date that does not exist',
    changes: { tcbInfo: (i) => ({ ...i, issueDate: '2026-02-30T00:00:00Z' }) },
  },
])

refuse('refused for its quoting enclave', 'none', [
  {
    code: 'QE_IDENTITY_SIGNATURE_INVALID',
    check: 'dcap.qe-identity',
    why: 'a QE identity changed after it was signed',
    document: (d) =>
      endorsements({ qeIdentity: d.endorsements?.qeIdentity.replace('"isvprodid":2', '"isvprodid":3') })(d),
  },
  {
    code: 'ENDORSEMENT_EXPIRED',
    check: 'dcap.qe-identity',
    why: 'a QE identity past its next update',
    changes: { qeIdentity: (i) => ({ ...i, nextUpdate: '2026-11-23T04:19:29Z' }) },
    details: { subject: 'QE identity' },
  },
  {
    code: 'QE_IDENTITY_KIND_MISMATCH',
    check: 'dcap.qe-identity',
    why: 'the identity of the SGX quoting enclave',
    changes: { qeIdentity: (i) => ({ ...i, id: 'QE' }) },
  },
  {
    code: 'QE_REPORT_SIGNATURE_INVALID',
    check: 'dcap.qe-report',
    why: 'a QE report signed by another key',
    changes: { signatureData: signature((d) => ({ qeReportSignature: flip(d.qeReportSignature, 63) })) },
  },
  {
    code: 'QE_REPORT_DATA_MISMATCH',
    check: 'dcap.attestation-key',
    why: 'an attestation key that the quoting enclave does not vouch for',
    changes: { signatureData: signature(() => ({ qeAuthenticationData: new Uint8Array(32) })) },
  },
  {
    code: 'QE_REPORT_DATA_MISMATCH',
    check: 'dcap.attestation-key',
    why: 'report data with something after the hash',
    changes: { qeReport: (r) => ({ ...r, reportData: flip(r.reportData, 63) }) },
  },
  {
    code: 'QE_MRSIGNER_MISMATCH',
    check: 'dcap.qe',
    why: 'a quoting enclave by another signer',
    changes: { qeReport: (r) => ({ ...r, mrSigner: flip(r.mrSigner, 0) }) },
  },
  {
    code: 'QE_ISVPRODID_MISMATCH',
    check: 'dcap.qe',
    why: 'another enclave of that signer',
    changes: { qeReport: (r) => ({ ...r, isvProdId: 1 }) },
    details: { field: 'ISVPRODID', expected: '2', actual: '1' },
  },
  {
    code: 'QE_MISCSELECT_MISMATCH',
    check: 'dcap.qe',
    why: 'a quoting enclave with MISCSELECT',
    changes: { qeReport: (r) => ({ ...r, miscSelect: 1 }) },
  },
  {
    code: 'QE_ATTRIBUTES_MISMATCH',
    check: 'dcap.qe',
    why: 'a quoting enclave in debug mode',
    changes: { qeReport: (r) => ({ ...r, attributes: r.attributes.map((byte, i) => (i === 0 ? byte | 2 : byte)) }) },
  },
  {
    code: 'TCB_NOT_SUPPORTED',
    check: 'tdx.tcb',
    why: 'a quoting enclave below every level',
    changes: { qeReport: (r) => ({ ...r, isvSvn: 5 }) },
    details: { part: 'qe', svn: '5' },
  },
])
