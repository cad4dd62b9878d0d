import { toHex } from '@blindai/core'
import { checkBlob } from './blob-reader.ts'
import { BLOB_FOLDER, blobPath } from './blob-writer.ts'
import { removeDraft } from './index-file.ts'
import type { IndexEntry, IndexState } from './index-state.ts'
import { isStoreError } from './store-error.ts'
import type { StoreEvent } from './store-event.ts'
import { named, type StoreFiles, systemCode, unlinkIfThere } from './store-files.ts'

/** Where blobs lie that were not what the index says. */
const ASIDE_FOLDER = 'quarantine'

/**
 * Brings the folder in line with the index, which is right: removes what the index does not name, checks length and header
 * of what it does, and moves aside what is bad. The index itself is not written.
 *
 * @returns why blobs are bad, by their id in hex.
 * @throws {StoreError} `STORE_NO_SPACE`, `STORE_IO_FAILED`.
 */
export async function recover(
  files: StoreFiles,
  state: IndexState,
  onEvent: (event: StoreEvent) => void,
): Promise<Map<string, string>> {
  await named('make the folders of the store', async () => {
    await makeFolder(files, BLOB_FOLDER)
    await makeFolder(files, ASIDE_FOLDER)
    await files.fsyncDir('.')
  })
  const wanted = new Set(state.models.map((entry) => toHex(entry.blob)))
  const removed = await named('remove leftovers', async () => {
    await removeDraft(files)
    return (await removeOthers(files, BLOB_FOLDER, wanted)) + (await removeOthers(files, ASIDE_FOLDER, wanted))
  })
  if (removed > 0) onEvent({ event: 'store-leftovers-removed', files: removed })
  const damaged = new Map<string, string>()
  for (const entry of state.models) {
    const code = await damageOf(files, entry)
    if (code === undefined) continue
    damaged.set(toHex(entry.blob), code)
    onEvent({ event: 'model-damaged', model: entry.sha256, code, movedAside: await moveAside(files, entry, code) })
  }
  return damaged
}

/** Moves a blob where nothing looks for it. False where it stays: because it is not there, or cannot be read or moved. */
export async function moveAside(files: StoreFiles, { blob }: IndexEntry, code: string): Promise<boolean> {
  if (code === 'BLOB_MISSING' || code === 'STORE_IO_FAILED') return false
  try {
    await files.rename(blobPath(blob), asidePath(blob))
    return true
  } catch (cause) {
    if (systemCode(cause) === undefined) throw cause
    return false
  }
}

/** Removes a blob wherever it lies. */
export async function removeBlob(files: StoreFiles, blob: Uint8Array): Promise<void> {
  await unlinkIfThere(files, blobPath(blob))
  await unlinkIfThere(files, asidePath(blob))
}

function asidePath(blob: Uint8Array): string {
  return `${ASIDE_FOLDER}/${toHex(blob)}`
}

async function damageOf(files: StoreFiles, entry: IndexEntry): Promise<string | undefined> {
  try {
    await checkBlob(files, { binding: entry, secret: { id: entry.blob, key: entry.key }, bytes: entry.bytes })
    return undefined
  } catch (error) {
    if (!isStoreError(error)) throw error
    return error.code
  }
}

async function makeFolder(files: StoreFiles, folder: string): Promise<void> {
  try {
    await files.mkdir(folder)
  } catch (cause) {
    if (systemCode(cause) !== 'EEXIST') throw cause
  }
}

async function removeOthers(files: StoreFiles, folder: string, wanted: ReadonlySet<string>): Promise<number> {
  const others = (await files.readdir(folder)).filter((name) => !wanted.has(name))
  for (const name of others) await files.unlink(`${folder}/${name}`)
  return others.length
}
