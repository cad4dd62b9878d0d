import { randomBytes } from 'node:crypto'
import { fromBase64Url, fromUtf8, isMalformedError, toBase64Url, utf8 } from '@blindai/core'
import { KEY_BYTES } from './aead.ts'
import type { KeySource } from './key-source.ts'
import { sealWithRoot, unsealWithRoot } from './root-key.ts'
import { StoreError } from './store-error.ts'
import { named, openIfThere, replaceFile, type StoreFiles } from './store-files.ts'

const PREFIX = 'blindai.store.root.v1 '
const FILE_BYTES: number = PREFIX.length + 43 + 1
/** Permission bits of anyone but the owner. */
const OTHERS = 0o077

/**
 * A root key in a file, for simulated evidence and tests: whoever reads the disk reads the key.
 *
 * The file is made, with mode 0600, when a new store is sealed for the first time. A store that is there already never
 * gets a new key in place of a missing one.
 *
 * @param files - the folder of the key file, which need not be that of the store.
 */
export function fileKeySource(files: StoreFiles, name: string): KeySource {
  return {
    kind: 'file',
    async seal(key) {
      return sealWithRoot('file', (await readKeyFile(files, name)) ?? (await makeKeyFile(files, name)), key)
    },
    async unseal(sealed) {
      const root = await readKeyFile(files, name)
      if (root === undefined) throw new StoreError('KEY_FILE_MISSING', { file: name })
      return unsealWithRoot('file', root, sealed)
    },
  }
}

/** undefined when there is none. @throws {StoreError} `KEY_FILE_EXPOSED`, `KEY_FILE_MALFORMED`, `STORE_IO_FAILED`. */
async function readKeyFile(files: StoreFiles, name: string): Promise<Uint8Array | undefined> {
  return await named('read the key file', async () => {
    const file = await openIfThere(files, name)
    if (file === undefined) return undefined
    try {
      const { size, mode } = await file.stat()
      if ((mode & OTHERS) !== 0) {
        const shown = (mode & 0o777).toString(8).padStart(4, '0')
        throw new StoreError('KEY_FILE_EXPOSED', { file: name, mode: shown })
      }
      const bytes = new Uint8Array(FILE_BYTES)
      const length = await file.read(bytes, 0)
      if (size !== FILE_BYTES || length !== FILE_BYTES) throw new StoreError('KEY_FILE_MALFORMED', { file: name })
      return parseKeyFile(name, bytes)
    } finally {
      await file.close()
    }
  })
}

function parseKeyFile(name: string, bytes: Uint8Array): Uint8Array {
  try {
    const text = fromUtf8('key file', bytes)
    if (text.startsWith(PREFIX) && text.endsWith('\n')) {
      return fromBase64Url('key file', text.slice(PREFIX.length, -1))
    }
  } catch (cause) {
    if (!isMalformedError(cause)) throw cause
  }
  throw new StoreError('KEY_FILE_MALFORMED', { file: name })
}

/** Durable, name included, before anything is sealed under it. */
async function makeKeyFile(files: StoreFiles, name: string): Promise<Uint8Array> {
  const root = randomBytes(KEY_BYTES)
  await named('make the key file', () => replaceFile(files, name, utf8(`${PREFIX}${toBase64Url(root)}\n`)))
  return root
}
