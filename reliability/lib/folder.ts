import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Linux's folder in memory: a killed process leaves the same there as on a disk, and `fsync` costs nothing. */
const IN_MEMORY = '/dev/shm'

/**
 * Works in a new folder that is gone afterwards: on the disk, or for short forms in memory where there is such a folder, so
 * that a slow disk does not decide how long the test suite takes.
 */
export async function inFolder<T>(long: boolean, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(long || !isWritable(IN_MEMORY) ? tmpdir() : IN_MEMORY, 'blindai-reliability-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause)) throw cause
    return false
  }
}
