import { type DcapEndorsements, fromUtf8, MalformedError, toBase64Url } from '@blindai/core'
import type { DcapNeeds } from '@blindai/verifier'
import { MAX_LIST_BYTES, MAX_SIGNED_TEXT_BYTES, type Obtained, type Resource } from '../resource.ts'
import type { IntelService } from '../settings.ts'

/**
 * What is asked of a service of the form of Intel's provisioning certification service, version 4.
 *
 * Source: Intel PCS API v4, "Get Revocation List", "Get TCB Info", "Get TDX TCB Info", "Get SGX QE Identity" and "Get TDX QE
 * Identity"; the caching service of Intel DCAP, "rootcacrl".
 */

const DAY = 86_400
const DER_TYPES = ['application/pkix-crl', 'application/x-pkcs7-crl', 'application/octet-stream', 'binary/octet-stream']
/** Caching services send hexadecimal, as text of whichever type their framework gives it. */
const ROOT_CRL_TYPES = [...DER_TYPES, 'application/pkix-cert', 'text/plain', 'text/html']
const JSON_TYPES = ['application/json']

/** The four resources that endorse a platform. */
export interface DcapResources<Item> {
  readonly pckCrl: Item
  readonly rootCaCrl: Item
  readonly tcbInfo: Item
  readonly qeIdentity: Item
}

/** Where the four are, for a platform. */
export function dcapResources(
  { tee, fmspc, ca }: DcapNeeds,
  service: IntelService,
  authorities: string | undefined,
): DcapResources<Resource> {
  const common = { freshSeconds: DAY, authorities }
  const at = (path: string, query: Readonly<Record<string, string>>): URL => {
    const url = new URL(`${service.url}${path}`)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    return url
  }
  const id = tee === 'tdx' ? 'TDX' : 'SGX'
  return {
    pckCrl: {
      ...common,
      url: at('/sgx/certification/v4/pckcrl', { ca, encoding: 'der' }),
      name: 'PCK CRL',
      part: 'revocation-list',
      mediaTypes: DER_TYPES,
      maxBytes: MAX_LIST_BYTES,
      issuerChainHeader: 'SGX-PCK-CRL-Issuer-Chain',
    },
    rootCaCrl: {
      ...common,
      url: service.rootCrlUrl === undefined ? at('/sgx/certification/v4/rootcacrl', {}) : new URL(service.rootCrlUrl),
      name: 'root CRL',
      part: 'revocation-list',
      mediaTypes: ROOT_CRL_TYPES,
      // Hexadecimal has two digits a byte.
      maxBytes: 2 * MAX_LIST_BYTES,
    },
    tcbInfo: {
      ...common,
      url: at(`/${tee}/certification/v4/tcb`, { fmspc, ...recoveryOf(service) }),
      name: 'TCB info',
      part: 'tcb-info',
      mediaTypes: JSON_TYPES,
      maxBytes: MAX_SIGNED_TEXT_BYTES,
      issuerChainHeader: 'TCB-Info-Issuer-Chain',
      expected: { id, fmspc },
    },
    qeIdentity: {
      ...common,
      url: at(`/${tee}/certification/v4/qe/identity`, recoveryOf(service)),
      name: 'QE identity',
      part: 'qe-identity',
      mediaTypes: JSON_TYPES,
      maxBytes: MAX_SIGNED_TEXT_BYTES,
      issuerChainHeader: 'SGX-Enclave-Identity-Issuer-Chain',
      expected: { id: tee === 'tdx' ? 'TD_QE' : 'QE' },
    },
  }
}

function recoveryOf({ update, tcbEvaluationDataNumber: number }: IntelService): Readonly<Record<string, string>> {
  if (number !== undefined) return { tcbEvaluationDataNumber: String(number) }
  return update === undefined ? {} : { update }
}

/** Puts what came into the form that documents carry; signed texts stay as they were served, to the byte. */
export function assembleDcap({ pckCrl, rootCaCrl, tcbInfo, qeIdentity }: DcapResources<Obtained>): DcapEndorsements {
  return {
    type: 'dcap',
    pckCrlIssuerChain: issuerChainOf('PCK CRL', pckCrl),
    rootCaCrl: toBase64Url(rootCaCrl.body),
    pckCrl: toBase64Url(pckCrl.body),
    tcbInfoIssuerChain: issuerChainOf('TCB info', tcbInfo),
    tcbInfo: fromUtf8('TCB info', tcbInfo.body),
    qeIdentityIssuerChain: issuerChainOf('QE identity', qeIdentity),
    qeIdentity: fromUtf8('QE identity', qeIdentity.body),
  }
}

function issuerChainOf(field: string, { issuerChain }: Obtained): string {
  if (issuerChain === undefined) throw new MalformedError('MISSING_MEMBER', { field, member: 'issuer chain' })
  return issuerChain
}
