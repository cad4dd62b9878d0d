import { hash, randomBytes } from 'node:crypto'
import { toBase64Url } from '@blindai/core'

/** The longest API key that is looked up. */
export const MAX_API_KEY_CHARACTERS = 256

const KEY_BYTES = 32
const KEY_PREFIX = 'blindai_'

/** A new API key of 256 random bits, and the hash that a configuration holds instead of it. */
export function createApiKey(): { readonly key: string; readonly keySha256: string } {
  const key = KEY_PREFIX + toBase64Url(randomBytes(KEY_BYTES))
  return { key, keySha256: hashApiKey(key) }
}

/** Lower-case hex SHA-256 of an API key's UTF-8 text. */
export function hashApiKey(key: string): string {
  return hash('sha256', key, 'hex')
}
