import {
  type DcapEndorsements,
  type JsonObject,
  toBase64Url,
  toHex,
  type UnixSeconds,
  unixSeconds,
  utf8,
} from '@blindai/core'
import { authorityKeyIdentifier, crlNumber, writeCrl } from './certificate.ts'
import { type AuthorityKeys, type Certificates, PLATFORM_CA_NAME, pemChain, ROOT_NAME } from './chain.ts'
import { type AuthorityChanges, apply, type Change } from './changes.ts'
import { type KeyPair, signRaw, spki } from './keys.ts'
import * as platform from './platform.ts'
import { type Issue, qeIdentity, sgxTcbInfo, tcbInfo } from './tcb.ts'

/** How far endorsements are dated back, so that a verifier whose clock is a little behind does not refuse them. */
const BACKDATE_SECONDS = 300

/** How long endorsements hold. Intel's hold as long. */
export const ENDORSEMENTS_HOLD_SECONDS: number = 30 * 86_400

/** The TEE that endorsements are for. */
export type DcapTee = 'tdx' | 'sgx'

/** What a provisioning service would serve for the platform at a time. */
export function issueEndorsements(
  keys: AuthorityKeys,
  certificates: Certificates,
  now: UnixSeconds,
  changes: AuthorityChanges,
  tee: DcapTee = 'tdx',
): DcapEndorsements {
  const { root, platformCa, tcbSigning } = certificates
  const issueDate = unixSeconds(now - BACKDATE_SECONDS)
  const nextUpdate = unixSeconds(issueDate + ENDORSEMENTS_HOLD_SECONDS)
  const issue: Issue = { issueDate, nextUpdate, tcbEvaluationDataNumber: platform.TCB_EVALUATION_DATA_NUMBER }
  const crl = { thisUpdate: issueDate, nextUpdate, revoked: [] }
  const crlExtensions = (issuer: KeyPair) => [crlNumber(1), authorityKeyIdentifier(spki(issuer))]
  const rootCrl = { ...crl, issuer: ROOT_NAME, extensions: crlExtensions(keys.root), signingKey: keys.root }
  const pckCrl = {
    ...crl,
    issuer: PLATFORM_CA_NAME,
    extensions: crlExtensions(keys.platformCa),
    signingKey: keys.platformCa,
  }
  const [ownInfo, ownIdentity] =
    tee === 'sgx'
      ? [sgxTcbInfo(PLATFORM_TCB, issue), qeIdentity('QE', platform.SGX_QE_TCB, issue)]
      : [tcbInfo(PLATFORM_TCB, issue), qeIdentity('TD_QE', platform.QE_TCB, issue)]
  const info = apply(changes.tcbInfo, ownInfo)
  const identity = apply(changes.qeIdentity, ownIdentity)
  return {
    type: 'dcap',
    pckCrlIssuerChain: pemChain(platformCa, root),
    rootCaCrl: toBase64Url(writeCrl(apply(changes.rootCrl, rootCrl))),
    pckCrl: toBase64Url(writeCrl(apply(changes.pckCrl, pckCrl))),
    tcbInfoIssuerChain: pemChain(tcbSigning, root),
    tcbInfo: signedDocument('tcbInfo', info, changes.tcbInfoText, keys.tcbSigning),
    qeIdentityIssuerChain: pemChain(tcbSigning, root),
    qeIdentity: signedDocument('enclaveIdentity', identity, changes.qeIdentityText, keys.tcbSigning),
  }
}

const PLATFORM_TCB = {
  fmspc: platform.FMSPC,
  pceId: platform.PCE_ID,
  pceSvn: platform.PCE_SVN,
  sgxTcbComponents: platform.SGX_TCB_COMPONENTS,
  tdxTcbComponents: platform.TDX_TCB_COMPONENTS,
}

/** Text as the provisioning service serves it: the signature covers the member's exact text. */
function signedDocument(
  member: 'tcbInfo' | 'enclaveIdentity',
  value: JsonObject,
  change: Change<string> | undefined,
  key: KeyPair,
): string {
  const text = apply(change, JSON.stringify(value))
  return `{"${member}":${text},"signature":"${toHex(signRaw(key, utf8(text)))}"}`
}
