import { fromHex, fromUtf8, isMalformedError, unixSeconds, utf8 } from '@blindai/core'
import { type EndorsementFacts, type EndorsementPart, isVerifierError, readEndorsement } from '@blindai/verifier'
import { EndorsementError } from './endorsement-error.ts'
import { resourceOf } from './http/exchange.ts'

/** One thing that a service hands out: where, in which form, and what has to come back. */
export interface Resource {
  readonly url: URL
  /** Names it in errors. */
  readonly name: string
  readonly part: EndorsementPart
  readonly mediaTypes: readonly string[]
  readonly maxBytes: number
  /** The header that carries the PEM of who signed it, percent-encoded. */
  readonly issuerChainHeader?: string
  /** What the document has to say that it is for. */
  readonly expected?: { readonly id: string; readonly fmspc?: string }
  /** How long a copy serves before a newer one is wanted. */
  readonly freshSeconds: number
  /** PEM of authorities that may vouch for the service. */
  readonly authorities?: string | undefined
}

/** A resource as it was served, to the byte; a list that came as hexadecimal is the DER of it. */
export interface Obtained {
  readonly body: Uint8Array
  /** PEM, lowest first. */
  readonly issuerChain?: string
}

/** Requests and answers are kept as long as the most that the verifier reads. */
export const MAX_SIGNED_TEXT_BYTES = 262_144
export const MAX_LIST_BYTES = 1_048_576
export const MAX_CERTIFICATE_BYTES = 16_384
export const MAX_CHAIN_BYTES = 65_536

/**
 * Reads what came back: form, window, and that it is for what was asked. Whether it is true is for the verifier.
 *
 * @throws {EndorsementError} `ENDORSEMENT_MALFORMED`, `ENDORSEMENT_MISMATCH`.
 */
export function inspect(resource: Resource, { body, issuerChain }: Obtained): EndorsementFacts {
  const facts = named(resource, () => readEndorsement(resource.part, resource.name, body))
  requireSame(resource, 'id', resource.expected?.id, facts.id)
  requireSame(resource, 'fmspc', resource.expected?.fmspc, facts.fmspc)
  if (issuerChain === undefined) return facts
  const chain = named(resource, () =>
    readEndorsement('certificate-chain', `${resource.name} issuer chain`, utf8(issuerChain)),
  )
  return { ...facts, notAfter: unixSeconds(Math.min(chain.notAfter, facts.notAfter)) }
}

/**
 * Makes one form of what services serve: a caching service writes lists in hexadecimal, and headers carry chains
 * percent-encoded.
 *
 * @throws {EndorsementError} `ISSUER_CHAIN_MISSING`, `ENDORSEMENT_MALFORMED`.
 */
export function obtained(resource: Resource, body: Uint8Array, header: (name: string) => readonly string[]): Obtained {
  const bytes = resource.part === 'revocation-list' ? named(resource, () => derOf(resource.name, body)) : body
  const name = resource.issuerChainHeader
  if (name === undefined) return { body: bytes }
  const values = header(name)
  const [value] = values
  if (value === undefined || values.length > 1 || value.length > MAX_CHAIN_BYTES) {
    const facts = { resource: resourceOf(resource.url), header: name, count: values.length }
    throw new EndorsementError('ISSUER_CHAIN_MISSING', facts)
  }
  return { body: bytes, issuerChain: decoded(resource, value) }
}

/** The first byte tells: 0x30 opens a SEQUENCE, and its hexadecimal opens with the digit 3, which is 0x33. */
function derOf(name: string, body: Uint8Array): Uint8Array {
  return body[0] === 0x33 ? fromHex(name, fromUtf8(name, body).trim()) : body
}

function decoded(resource: Resource, value: string): string {
  try {
    return decodeURIComponent(value)
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause
    throw malformed(resource, 'PERCENT_ENCODING', cause)
  }
}

function requireSame(resource: Resource, field: string, expected: string | undefined, actual = '(none)'): void {
  if (expected === undefined || expected === actual) return
  throw new EndorsementError('ENDORSEMENT_MISMATCH', { resource: resourceOf(resource.url), field, expected, actual })
}

/** Gives errors of the parsers their code as the reason. */
function named<T>(resource: Resource, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (!isMalformedError(cause) && !isVerifierError(cause)) throw cause
    throw malformed(resource, cause.code, cause)
  }
}

function malformed(resource: Resource, reason: string, cause: Error): EndorsementError<'ENDORSEMENT_MALFORMED'> {
  return new EndorsementError('ENDORSEMENT_MALFORMED', { resource: resourceOf(resource.url), reason }, { cause })
}
