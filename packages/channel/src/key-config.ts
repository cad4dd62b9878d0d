import { ByteReader, concatBytes, isMalformedError } from '@blindai/core'
import { ChannelError } from './channel-error.ts'
import { KEM_MLKEM768_X25519_ID, KEM_X25519_ID } from './hpke-suites.ts'

/**
 * Key configurations and their list, `application/ohttp-keys`. Source: RFC 9458 sections 3.1 and 3.2.
 */

/** The media type of a list of key configurations. */
export const KEY_CONFIG_LIST_TYPE = 'application/ohttp-keys'

/** One key of a gateway. */
export interface KeyConfig {
  /** From 0 to 255. */
  readonly keyId: number
  readonly kem: number
  readonly publicKey: Uint8Array
  /** In the gateway's order of preference. */
  readonly symmetric: readonly { readonly kdf: number; readonly aead: number }[]
}

const MAX_LIST_BYTES = 16 * 1024
const MAX_CONFIGS = 16
const PUBLIC_KEY_BYTES: ReadonlyMap<number, number> = new Map([
  [KEM_MLKEM768_X25519_ID, 1216],
  [KEM_X25519_ID, 32],
])

/** Writes a list. */
export function encodeKeyConfigList(configs: readonly KeyConfig[]): Uint8Array<ArrayBuffer> {
  return concatBytes(
    ...configs.flatMap((config) => {
      const encoded = encodeKeyConfig(config)
      return [u16be(encoded.byteLength), encoded]
    }),
  )
}

/**
 * Reads a list. Configurations of a KEM that this package does not know are left out, as RFC 9458 section 3.2 wants it;
 * everything else that is wrong refuses the whole list.
 *
 * @throws {ChannelError} `KEY_CONFIG_MALFORMED`, `TOO_LARGE`.
 */
export function parseKeyConfigList(bytes: Uint8Array): KeyConfig[] {
  if (bytes.byteLength > MAX_LIST_BYTES) {
    throw new ChannelError('TOO_LARGE', { field: 'key configuration list', limit: MAX_LIST_BYTES })
  }
  try {
    return parseList(bytes)
  } catch (cause) {
    if (!isMalformedError(cause)) throw cause
    const field = 'field' in cause.details ? cause.details.field : 'list'
    throw new ChannelError('KEY_CONFIG_MALFORMED', { field, expected: 'of its announced length' }, { cause })
  }
}

function parseList(bytes: Uint8Array): KeyConfig[] {
  const r = new ByteReader('key configuration list', bytes)
  const configs: KeyConfig[] = []
  const ids = new Set<number>()
  for (let count = 1; r.remaining > 0; count++) {
    if (count > MAX_CONFIGS) throw new ChannelError('TOO_LARGE', { field: 'key configurations', limit: MAX_CONFIGS })
    const length = r.u16be(r.offset, 'Length')
    const encoded = r.bytes(r.offset, length, 'Key Configuration')
    const keyId = new ByteReader('key configuration', encoded.subarray(0, 1)).u8(0, 'Key Identifier')
    if (ids.has(keyId)) throw malformed('Key Identifier', 'named once')
    ids.add(keyId)
    const config = parseKeyConfig(encoded)
    if (config !== undefined) configs.push(config)
  }
  if (ids.size === 0) throw malformed('list', 'of one key configuration or more')
  return configs
}

function parseKeyConfig(bytes: Uint8Array): KeyConfig | undefined {
  const r = new ByteReader('key configuration', bytes)
  const keyId = r.u8(0, 'Key Identifier')
  const kem = r.u16be(1, 'HPKE KEM ID')
  const publicKeyBytes = PUBLIC_KEY_BYTES.get(kem)
  if (publicKeyBytes === undefined) return undefined
  const publicKey = r.bytes(3, publicKeyBytes, 'HPKE Public Key')
  const length = r.u16be(r.offset, 'HPKE Symmetric Algorithms Length')
  if (length === 0 || length % 4 !== 0 || length !== r.remaining) {
    throw malformed('HPKE Symmetric Algorithms Length', 'four bytes for each of what follows')
  }
  const symmetric: { kdf: number; aead: number }[] = []
  while (r.remaining > 0) {
    const kdf = r.u16be(r.offset, 'HPKE KDF ID')
    symmetric.push({ kdf, aead: r.u16be(r.offset, 'HPKE AEAD ID') })
  }
  return { keyId, kem, publicKey, symmetric }
}

function encodeKeyConfig(config: KeyConfig): Uint8Array<ArrayBuffer> {
  const symmetric = config.symmetric.flatMap(({ kdf, aead }) => [u16be(kdf), u16be(aead)])
  const head = [Uint8Array.of(config.keyId), u16be(config.kem), config.publicKey]
  return concatBytes(...head, u16be(4 * config.symmetric.length), ...symmetric)
}

function u16be(value: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(value >>> 8, value & 0xff)
}

function malformed(field: string, expected: string): ChannelError {
  return new ChannelError('KEY_CONFIG_MALFORMED', { field, expected })
}
