import type { EvidenceFormat } from '@blindai/core'
import { trustClassOf } from '../../appraisal/trust-anchor.ts'
import type { EndorsementKeyKind } from './endorsement-key.ts'
import { SNP_PRODUCTS, type SnpProduct } from './product.ts'

/**
 * SHA-256 of the DER of AMD's root certificates (ARK), one for each product; the same for VCEK and VLEK.
 *
 * Source: AMD's key distribution service, `vcek/v1/{product}/cert_chain`, kept in `vectors/attestation/snp/`; each valid
 * for 25 years, Milan from 2020-10-22, Genoa from 2022-01-26, Turin from 2023-05-15.
 */
export const AMD_ROOT_SHA256: { readonly [P in SnpProduct]: string } = {
  Milan: '69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd',
  Genoa: '4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1',
  Turin: '1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a',
}

const SIMULATED_PREFIX = 'BlindAI Simulated '

/** Common names of the certificates in their roles. Source: AMD 57230. */
export interface SnpRoleNames {
  readonly root: string
  readonly authority: string
  readonly leaf: string
}

/** What a pinned root stands for. */
export interface SnpAnchor {
  readonly trustClass: 'hardware' | 'simulated'
  /** Of a simulated root, the product that its name says. */
  readonly product: SnpProduct | undefined
  readonly names: (product: SnpProduct, kind: EndorsementKeyKind) => SnpRoleNames
}

/**
 * What the root of a chain stands for.
 *
 * @param commonName - of the root: under a simulated one it tells the product.
 * @throws as `trustClassOf` does.
 */
export function snpAnchorOf(
  format: EvidenceFormat,
  rootSha256: string,
  commonName: string,
  simulatedRoots: readonly string[] | undefined,
): SnpAnchor {
  const pinned = SNP_PRODUCTS.find((product) => AMD_ROOT_SHA256[product] === rootSha256)
  const trustClass = trustClassOf(format, rootSha256, pinned !== undefined, simulatedRoots)
  const prefix = trustClass === 'simulated' ? SIMULATED_PREFIX : ''
  const rootOf = (product: SnpProduct): string => `${prefix}ARK-${product}`
  const names = (product: SnpProduct, kind: EndorsementKeyKind): SnpRoleNames => ({
    root: rootOf(product),
    authority: `${prefix}${kind === 'VLEK' ? 'SEV-VLEK' : 'SEV'}-${product}`,
    leaf: `${prefix}SEV-${kind}`,
  })
  return { trustClass, product: pinned ?? SNP_PRODUCTS.find((one) => rootOf(one) === commonName), names }
}
