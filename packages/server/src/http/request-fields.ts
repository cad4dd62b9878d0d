import type { ApiHeaders, ApiRequest } from './api.ts'
import { ApiError } from './api-error.ts'

/** The value of a header, undefined when it is absent. @throws {ApiError} `HEADER_INVALID` when it was sent twice. */
export function header(headers: ApiHeaders, name: string): string | undefined {
  const value = headers[name]
  if (value === undefined || typeof value === 'string') return value
  throw new ApiError('HEADER_INVALID', { header: name, expected: 'sent once' })
}

/** A header that holds a whole number of bytes. @throws {ApiError} `HEADER_INVALID`. */
export function byteCountHeader(headers: ApiHeaders, name: string): number | undefined {
  const value = header(headers, name)
  if (value === undefined) return undefined
  if (!/^(?:0|[1-9][0-9]{0,14})$/.test(value)) {
    throw new ApiError('HEADER_INVALID', { header: name, expected: 'a whole number of bytes' })
  }
  return Number(value)
}

/** The key of `Authorization: Bearer`. Source: RFC 6750 section 2.1. */
export function bearerToken(headers: ApiHeaders): string | undefined {
  const value = header(headers, 'authorization')
  return value === undefined ? undefined : /^[Bb]earer +([!-~]+) *$/.exec(value)?.[1]
}

/**
 * The parameters of a query. Strict: only the names that are asked for, each once.
 *
 * @throws {ApiError} `PARAMETER_INVALID`.
 */
export function queryOf<Name extends string>(
  request: ApiRequest,
  names: readonly Name[],
): Readonly<Partial<Record<Name, string>>> {
  const found: Partial<Record<Name, string>> = {}
  if (request.query === '') return found
  for (const [given, value] of new URLSearchParams(request.query)) {
    const name = names.find((known) => known === given)
    if (name === undefined) {
      throw new ApiError('PARAMETER_INVALID', { parameter: 'of the query', expected: `one of ${names.join(', ')}` })
    }
    if (found[name] !== undefined) throw new ApiError('PARAMETER_INVALID', { parameter: name, expected: 'given once' })
    found[name] = value
  }
  return found
}
