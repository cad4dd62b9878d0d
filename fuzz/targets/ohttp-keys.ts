import { encodeKeyConfigList, type KeyConfig, parseKeyConfigList } from '../../packages/channel/src/key-config.ts'
import { written } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

const CLASSIC = { keyId: 1, kem: 0x20, publicKey: new Uint8Array(32), symmetric: [{ kdf: 1, aead: 1 }] }
const HYBRID = { keyId: 2, kem: 0x647a, publicKey: new Uint8Array(1216), symmetric: [{ kdf: 1, aead: 3 }] }

export const target: FuzzTarget<readonly KeyConfig[]> = {
  sources: ['packages/channel/src/key-config.ts'],
  seeds: [written(encodeKeyConfigList([CLASSIC]), encodeKeyConfigList([HYBRID, CLASSIC]))],
  parse: parseKeyConfigList,
  // Configurations of unknown kinds are left out; a list of nothing else cannot be written.
  write: (configs) => (configs.length === 0 ? undefined : encodeKeyConfigList(configs)),
  refuses: { ChannelError: ['KEY_CONFIG_MALFORMED', 'TOO_LARGE'] },
}
