import { isZero, toHex } from '@blindai/core'
import { type PckPlatform, readPckPlatform } from '../dcap/pck-extension.ts'
import { parsePckChain, type QuoteSignature } from '../dcap/quote-signature.ts'
import { INTEL_ROLE_NAMES, SIMULATED_ROLE_NAMES } from '../dcap/roots.ts'
import type { ParsedEvidence } from '../document/document.ts'
import { VerifierError } from '../errors/verifier-error.ts'
import { parseSgxQuote } from '../formats/sgx/quote.ts'
import type { EndorsementKeyKind } from '../formats/snp/endorsement-key.ts'
import { productOf, type SnpProduct } from '../formats/snp/product.ts'
import { parseSnpReport, type SnpReport } from '../formats/snp/report.ts'
import { parseSnpTcb, type SnpTcb } from '../formats/snp/tcb-version.ts'
import { parseTdxQuote } from '../formats/tdx/quote.ts'
import type { Certificate } from '../x509/certificate.ts'

/**
 * Which endorsements a piece of evidence is judged by, read from it without believing any of it: whoever fetches them asks
 * a service for what this says, and the verifier then judges evidence and endorsements together.
 */

/** Endorsements that Intel's provisioning service has. */
export interface DcapNeeds {
  readonly technology: 'dcap'
  readonly tee: 'tdx' | 'sgx'
  /** 6 bytes, lower-case hex. */
  readonly fmspc: string
  /** The authority that issued the platform's certificate. */
  readonly ca: 'platform' | 'processor'
}

/** Endorsements that AMD's key distribution service has. */
export interface SnpNeeds {
  readonly technology: 'snp'
  readonly signingKey: EndorsementKeyKind
  /** What the processor may be, the likeliest first: a report of version 2 does not say. */
  readonly products: readonly [SnpProduct, ...SnpProduct[]]
  /** As the service names the chip, lower-case hex: 64 bytes, on Turin 8. Of a VLEK none. */
  readonly hwId?: string
  /** The TCB that the certificate has to be for. */
  readonly tcb: SnpTcb
}

export type EndorsementNeeds = DcapNeeds | SnpNeeds

const TURIN_HW_ID_BYTES = 8

/**
 * Reads from evidence which endorsements it needs.
 *
 * @returns undefined for a format that carries all it needs, or whose endorsements no service of Intel or AMD has.
 * @throws {MalformedError} and {VerifierError} with the codes of the parts; `CERTIFICATE_ROLE_MISMATCH` for a platform of
 * another authority; `UNSUPPORTED_VALUE` for a processor or a hidden chip that nothing can be asked of;
 * `SNP_REPORT_NOT_SIGNED`.
 */
export function endorsementsNeeded({
  format,
  bytes,
}: Pick<ParsedEvidence, 'format' | 'bytes'>): EndorsementNeeds | undefined {
  switch (format) {
    case 'tdx':
    case 'simulated':
      return dcapNeeds('tdx', parseTdxQuote(bytes).signature)
    case 'sgx':
    case 'simulated-sgx':
      return dcapNeeds('sgx', parseSgxQuote(bytes).signature)
    case 'sev-snp':
    case 'simulated-sev-snp':
      return snpNeeds(parseSnpReport(bytes))
    default:
      return undefined
  }
}

function dcapNeeds(tee: DcapNeeds['tee'], signature: QuoteSignature): DcapNeeds {
  const [pck] = parsePckChain(signature)
  const { fmspc }: PckPlatform = readPckPlatform(pck)
  return { technology: 'dcap', tee, fmspc, ca: authorityOf(pck) }
}

const AUTHORITIES = [...INTEL_ROLE_NAMES.pckAuthorities, ...SIMULATED_ROLE_NAMES.pckAuthorities]

/** The authorities are told apart by name. Source: Intel SGX PCK Certificate and CRL Profile, section 1.2. */
function authorityOf({ issuer }: Certificate): DcapNeeds['ca'] {
  const { commonName } = issuer
  if (!AUTHORITIES.includes(commonName)) {
    const facts = { chain: 'PCK chain', position: 1, expected: AUTHORITIES.join(' or '), actual: commonName }
    throw new VerifierError('CERTIFICATE_ROLE_MISMATCH', facts)
  }
  return commonName.endsWith('Processor CA') ? 'processor' : 'platform'
}

function snpNeeds(report: SnpReport): SnpNeeds {
  const { signingKey, isChipKeyMasked, chipId } = report
  if (isChipKeyMasked) throw new VerifierError('SNP_REPORT_NOT_SIGNED', { field: 'MASK_CHIP_KEY' })
  if (signingKey === 'none') throw new VerifierError('SNP_REPORT_NOT_SIGNED', { field: 'SIGNING_KEY' })
  const products = productsOf(report)
  const [product] = products
  // Milan and Genoa lay their TCB out alike, so the first of several speaks for all.
  const tcb = parseSnpTcb('SNP report REPORTED_TCB', report.reportedTcb, product)
  if (signingKey === 'VLEK') return { technology: 'snp', signingKey, products, tcb }
  if (isZero(chipId)) {
    const facts = { field: 'SNP report CHIP_ID', expected: 'the identifier of the chip', actual: 'zeros' }
    throw new VerifierError('UNSUPPORTED_VALUE', facts)
  }
  const hwId = toHex(product === 'Turin' ? chipId.subarray(0, TURIN_HW_ID_BYTES) : chipId)
  return { technology: 'snp', signingKey, products, hwId, tcb }
}

/** Version 2 is older than Turin and names no processor. */
function productsOf({ cpuId }: SnpReport): SnpNeeds['products'] {
  if (cpuId === undefined) return ['Milan', 'Genoa']
  const product = productOf(cpuId)
  if (product !== undefined) return [product]
  const actual = `${cpuId.family.toString(16)}.${cpuId.model.toString(16)}.${cpuId.stepping.toString(16)}`
  throw new VerifierError('UNSUPPORTED_VALUE', { field: 'SNP report CPUID', expected: 'Milan, Genoa or Turin', actual })
}
