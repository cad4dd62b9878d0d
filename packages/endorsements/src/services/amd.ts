import { fromUtf8, type SnpEndorsements, toBase64Url } from '@blindai/core'
import type { SnpNeeds, SnpProduct, SnpTcb } from '@blindai/verifier'
import { MAX_CERTIFICATE_BYTES, MAX_CHAIN_BYTES, MAX_LIST_BYTES, type Obtained, type Resource } from '../resource.ts'
import type { AmdService } from '../settings.ts'

/**
 * What is asked of a service of the form of AMD's key distribution service.
 *
 * Source: AMD 57230, "VCEK Certificate and KDS Interface Specification", chapter 4. The certificate of a lent key (VLEK) is
 * handed out to the provider alone, who puts it into the table that comes with a report.
 */

const DAY = 86_400
/** A certificate of one chip at one TCB, and the authorities of a product, do not change. */
const SETTLED_SECONDS = 30 * DAY
const DER_TYPES = [
  'application/pkix-cert',
  'application/x-x509-ca-cert',
  'application/x-x509-user-cert',
  'application/octet-stream',
  'binary/octet-stream',
]
const PEM_TYPES = ['application/x-pem-file', 'application/pem-certificate-chain', 'text/plain', ...DER_TYPES]
const LIST_TYPES = ['application/pkix-crl', 'application/x-pkcs7-crl', ...DER_TYPES]

/** Chain and list of a product; `vcek` where the report is by a chip's own key. */
export interface SnpResources<Item> {
  readonly vcek?: Item
  readonly chain: Item
  readonly crl: Item
}

/** Where they are, for a platform of one product. */
export function snpResources(
  { signingKey, hwId, tcb }: SnpNeeds,
  product: SnpProduct,
  service: AmdService,
  authorities: string | undefined,
): SnpResources<Resource> {
  const base = `${service.url}/${signingKey.toLowerCase()}/v1/${product}`
  return {
    ...(hwId !== undefined && {
      vcek: {
        url: new URL(`${base}/${hwId}?${parametersOf(tcb)}`),
        name: 'VCEK',
        part: 'certificate',
        mediaTypes: DER_TYPES,
        maxBytes: MAX_CERTIFICATE_BYTES,
        freshSeconds: SETTLED_SECONDS,
        authorities,
      },
    }),
    chain: {
      url: new URL(`${base}/cert_chain`),
      name: `${signingKey} chain`,
      part: 'certificate-chain',
      mediaTypes: PEM_TYPES,
      maxBytes: MAX_CHAIN_BYTES,
      freshSeconds: SETTLED_SECONDS,
      authorities,
    },
    crl: {
      url: new URL(`${base}/crl`),
      name: 'ARK CRL',
      part: 'revocation-list',
      mediaTypes: LIST_TYPES,
      maxBytes: MAX_LIST_BYTES,
      freshSeconds: DAY,
      authorities,
    },
  }
}

/** Decimal. */
function parametersOf({ fmc, bootLoader, tee, snp, microcode }: SnpTcb): URLSearchParams {
  return new URLSearchParams({
    ...(fmc !== undefined && { fmcSPL: String(fmc) }),
    blSPL: String(bootLoader),
    teeSPL: String(tee),
    snpSPL: String(snp),
    ucodeSPL: String(microcode),
  })
}

/**
 * Puts what came into the form that documents carry.
 *
 * @param vlek - base64url of the lent key's certificate, where the report is by one.
 */
export function assembleSnp({ vcek, chain, crl }: SnpResources<Obtained>, vlek: string | undefined): SnpEndorsements {
  return {
    type: 'snp',
    ...(vcek !== undefined && { vcek: toBase64Url(vcek.body) }),
    ...(vcek === undefined && vlek !== undefined && { vlek }),
    chain: fromUtf8('chain', chain.body),
    crl: toBase64Url(crl.body),
  }
}
