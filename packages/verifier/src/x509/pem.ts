import { fromBase64Url, isMalformedError } from '@blindai/core'
import { VerifierError } from '../errors/verifier-error.ts'

const BEGIN = '-----BEGIN CERTIFICATE-----'
const END = '-----END CERTIFICATE-----'

/** A list with a first item. */
export type NonEmpty<T> = readonly [T, ...T[]]

/**
 * DER of each certificate of a PEM text, in its order. Only line ends may stand between certificates.
 *
 * Source: RFC 7468 sections 2 and 5.
 *
 * @param field - names the text in errors.
 * @param limit - the most certificates that are read.
 * @throws {VerifierError} `NOT_PEM`.
 */
export function parsePemCertificates(field: string, text: string, limit: number): NonEmpty<Uint8Array<ArrayBuffer>> {
  const certificates: Uint8Array<ArrayBuffer>[] = []
  let at = skipLineEnds(text, 0)
  while (at < text.length) {
    if (certificates.length === limit) throw notPem(field, `at most ${limit} certificates`)
    if (!text.startsWith(BEGIN, at)) throw notPem(field, BEGIN)
    const start = at + BEGIN.length
    const end = text.indexOf(END, start)
    if (end < 0) throw notPem(field, END)
    certificates.push(decodeBody(field, text.slice(start, end)))
    at = skipLineEnds(text, end + END.length)
  }
  const [first, ...rest] = certificates
  if (first === undefined) throw notPem(field, BEGIN)
  return [first, ...rest]
}

function skipLineEnds(text: string, from: number): number {
  let at = from
  while (text[at] === '\n' || text[at] === '\r') at++
  return at
}

function decodeBody(field: string, body: string): Uint8Array<ArrayBuffer> {
  const base64 = body.replaceAll('\r\n', '\n').replaceAll('\n', '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length % 4 !== 0) throw notPem(field, 'base64')
  try {
    return fromBase64Url(field, base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''))
  } catch (cause) {
    if (!isMalformedError(cause)) throw cause
    throw notPem(field, 'base64', cause)
  }
}

function notPem(field: string, expected: string, cause?: Error): VerifierError<'NOT_PEM'> {
  return new VerifierError('NOT_PEM', { field, expected }, cause && { cause })
}
