import { formatUnixSeconds, type JsonObject, toHex, type UnixSeconds } from '@blindai/core'

/**
 * TCB info of a platform and the identity of a quoting enclave, with the members and spelling that Intel's provisioning
 * service uses. Source: Intel PCS API v4, "Get SGX TCB Info" and "Get TDX TCB Info" (version 3), "Get SGX QE Identity" and
 * "Get TD QE Identity" (version 2).
 */

/** What the simulated platform claims: the TCB info accepts exactly this as up to date. */
export interface PlatformTcb {
  /** 6 bytes. */
  readonly fmspc: Uint8Array
  /** 2 bytes. */
  readonly pceId: Uint8Array
  readonly pceSvn: number
  /** 16 numbers each. */
  readonly sgxTcbComponents: readonly number[]
  readonly tdxTcbComponents: readonly number[]
}

/** What the simulated quoting enclave is. */
export interface QeTcb {
  /** 32 bytes. */
  readonly mrSigner: Uint8Array
  readonly isvProdId: number
  readonly isvSvn: number
}

/** When a signed document was made, when the next one is due, and which TCB recovery it reflects. */
export interface Issue {
  readonly issueDate: UnixSeconds
  readonly nextUpdate: UnixSeconds
  readonly tcbEvaluationDataNumber: number
}

/** The date of the levels in both documents. The simulated platform has had no TCB recovery. */
const TCB_DATE = '2026-11-01T00:00:00Z'
const EARLIER_TCB_DATE = '2026-02-01T00:00:00Z'
const NO_SIGNER = '00'.repeat(48)

/** The `tcbInfo` member for SGX. */
export function sgxTcbInfo(platform: PlatformTcb, issue: Issue): JsonObject {
  return {
    id: 'SGX',
    ...familyOf(platform, issue),
    tcbLevels: [
      { tcb: sgxLevelOf(platform, 0), tcbDate: TCB_DATE, tcbStatus: 'UpToDate' },
      { tcb: sgxLevelOf(platform, 1), tcbDate: EARLIER_TCB_DATE, tcbStatus: 'OutOfDate' },
    ],
  }
}

/** The `tcbInfo` member for TDX. */
export function tcbInfo(platform: PlatformTcb, issue: Issue): JsonObject {
  const [moduleSvn = 0, moduleVersion = 0] = platform.tdxTcbComponents
  const module = { mrsigner: NO_SIGNER, attributes: '0000000000000000', attributesMask: 'FFFFFFFFFFFFFFFF' }
  return {
    id: 'TDX',
    ...familyOf(platform, issue),
    tdxModule: module,
    tdxModuleIdentities: [
      {
        id: `TDX_${moduleVersion.toString(16).padStart(2, '0').toUpperCase()}`,
        ...module,
        tcbLevels: [
          { tcb: { isvsvn: moduleSvn }, tcbDate: TCB_DATE, tcbStatus: 'UpToDate' },
          { tcb: { isvsvn: 0 }, tcbDate: EARLIER_TCB_DATE, tcbStatus: 'OutOfDate' },
        ],
      },
    ],
    tcbLevels: [
      { tcb: levelOf(platform, 0), tcbDate: TCB_DATE, tcbStatus: 'UpToDate' },
      { tcb: levelOf(platform, 1), tcbDate: EARLIER_TCB_DATE, tcbStatus: 'OutOfDate' },
    ],
  }
}

function familyOf(platform: PlatformTcb, issue: Issue): JsonObject {
  return {
    version: 3,
    ...dates(issue),
    fmspc: toHex(platform.fmspc).toUpperCase(),
    pceId: toHex(platform.pceId).toUpperCase(),
    tcbType: 0,
    tcbEvaluationDataNumber: issue.tcbEvaluationDataNumber,
  }
}

/** The lowest numbers that a level asks for, each `behind` steps under the platform's own. */
function sgxLevelOf(platform: PlatformTcb, behind: number): JsonObject {
  return {
    sgxtcbcomponents: platform.sgxTcbComponents.map((svn) => ({ svn: lower(svn, behind) })),
    pcesvn: lower(platform.pceSvn, behind),
  }
}

function levelOf(platform: PlatformTcb, behind: number): JsonObject {
  // A TDX module of version 1 or later is matched through its identity, and the first two components then stand at 0.
  const tdx = platform.tdxTcbComponents.map((svn, index) => ({ svn: index < 2 ? 0 : lower(svn, behind) }))
  return { ...sgxLevelOf(platform, behind), tdxtcbcomponents: tdx }
}

function lower(svn: number, behind: number): number {
  return Math.max(0, svn - behind)
}

/** The `enclaveIdentity` member. */
export function qeIdentity(id: 'QE' | 'TD_QE', qe: QeTcb, issue: Issue): JsonObject {
  return {
    id,
    version: 2,
    ...dates(issue),
    tcbEvaluationDataNumber: issue.tcbEvaluationDataNumber,
    miscselect: '00000000',
    miscselectMask: 'FFFFFFFF',
    attributes: '11000000000000000000000000000000',
    attributesMask: 'FBFFFFFFFFFFFFFF0000000000000000',
    mrsigner: toHex(qe.mrSigner).toUpperCase(),
    isvprodid: qe.isvProdId,
    tcbLevels: [{ tcb: { isvsvn: qe.isvSvn }, tcbDate: TCB_DATE, tcbStatus: 'UpToDate' }],
  }
}

function dates(issue: Issue): JsonObject {
  return { issueDate: formatUnixSeconds(issue.issueDate), nextUpdate: formatUnixSeconds(issue.nextUpdate) }
}
