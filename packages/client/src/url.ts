import { OHTTP_AUTHORITY } from '@blindai/channel'
import { BlindAiError } from './errors.ts'

const WELL_KNOWN = '/.well-known/blindai'

/** The resources that are open before the channel is. */
export const ATTESTATION_PATH: string = `${WELL_KNOWN}/attestation`
export const CHANNEL_PATH: string = `${WELL_KNOWN}/channel`
export const OHTTP_PATH: string = `${WELL_KNOWN}/ohttp`

/**
 * The server's address, checked: http or https, without credentials, query or fragment. A path is a prefix.
 *
 * @throws {BlindAiError} `OPTION_INVALID`.
 */
export function parseServerUrl(value: string | URL): URL {
  if (!URL.canParse(value)) throw invalid()
  const url = new URL(value)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw invalid()
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') throw invalid()
  return url
}

/** The address of an open resource behind the server's prefix. */
export function resourceUrl(server: URL, path: string): URL {
  return new URL(`${server.pathname.replace(/\/+$/, '')}${path}`, server)
}

/**
 * A path of the API, normalised.
 *
 * @throws {BlindAiError} `OPTION_INVALID` when it would leave the server, as `//host` and `https://host` do.
 */
export function parseApiPath(path: string): string {
  const origin = `https://${OHTTP_AUTHORITY}`
  const fault = new BlindAiError('OPTION_INVALID', { option: 'path', expected: 'a path that begins with one slash' })
  if (!path.startsWith('/') || !URL.canParse(path, origin)) throw fault
  const url = new URL(path, origin)
  if (url.origin !== origin) throw fault
  return url.pathname + url.search
}

function invalid(): BlindAiError {
  return new BlindAiError('OPTION_INVALID', {
    option: 'url',
    expected: 'an http or https address without credentials, query and fragment',
  })
}
