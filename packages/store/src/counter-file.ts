import { fromUtf8, isMalformedError, utf8 } from '@blindai/core'
import type { RollbackCounter } from './rollback-counter.ts'
import { StoreError } from './store-error.ts'
import { named, openIfThere, replaceFile, type StoreFiles } from './store-files.ts'

const PREFIX = 'blindai.store.counter.v1 '
/** 2^53 has 16 digits. */
const MAX_FILE_BYTES: number = PREFIX.length + 16 + 1
const FORM = new RegExp(`^${PREFIX.replaceAll('.', '\\.')}(0|[1-9][0-9]{0,15})\\n$`)

/**
 * A counter in a file, for simulated evidence and tests. It shows the mechanism and protects from nobody who can put back
 * that file as well: a counter counts only where the operator cannot turn it back.
 *
 * @param files - the folder of the file, which must not be a part of what is copied with the store.
 */
export function fileCounter(files: StoreFiles, name: string): RollbackCounter {
  return {
    read: () => readCounter(files, name),
    async advance(generation) {
      if (generation > (await readCounter(files, name))) await writeCounter(files, name, generation)
    },
  }
}

/** Zero without a file. @throws {StoreError} `COUNTER_MALFORMED`, `STORE_IO_FAILED`. */
async function readCounter(files: StoreFiles, name: string): Promise<number> {
  const bytes = await named('read the counter', async () => {
    const file = await openIfThere(files, name)
    if (file === undefined) return undefined
    try {
      const read = new Uint8Array(MAX_FILE_BYTES + 1)
      return read.subarray(0, await file.read(read, 0))
    } finally {
      await file.close()
    }
  })
  return bytes === undefined ? 0 : parseCounter(name, bytes)
}

function parseCounter(name: string, bytes: Uint8Array): number {
  try {
    const value = Number(FORM.exec(fromUtf8('counter', bytes))?.[1])
    if (Number.isSafeInteger(value)) return value
  } catch (cause) {
    if (!isMalformedError(cause)) throw cause
  }
  throw new StoreError('COUNTER_MALFORMED', { file: name })
}

async function writeCounter(files: StoreFiles, name: string, value: number): Promise<void> {
  await named('advance the counter', () => replaceFile(files, name, utf8(`${PREFIX}${value}\n`)))
}
