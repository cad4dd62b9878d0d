import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { SeenEvaluation } from '@blindai/verifier'
import { BlindAiError } from './errors.ts'
import { type EvaluationMemory, evaluationsText, raised, readEvaluations } from './evaluation-memory.ts'

/** The largest file that is read; one has some kilobytes at most. */
const MAX_FILE_BYTES = 65_536
/** Servers that are remembered. */
const MOST_FILES = 1024
const FILE_NAME = /^[0-9a-f]{32}\.json$/
/** Times that a number which another process has just written over is written again. */
const ATTEMPTS = 3

/** What a folder of numbers can be told. */
export interface EvaluationFolderOptions {
  /**
   * Hears that a number could not be kept; the session goes on without. Where nobody listens it is an error.
   *
   * @param error - `EVALUATION_MEMORY_UNWRITABLE`.
   */
  readonly onUnwritable?: (error: BlindAiError<'EVALUATION_MEMORY_UNWRITABLE'>) => void
}

/**
 * A memory in a folder, mode 0700: one file for each server, named by the digest of its address and written whole (beside,
 * made durable, renamed). Processes may share it. Two that raise the numbers of one server in the same moment can lose one
 * of them; it is seen again with the next connection.
 *
 * A file that is damaged is refused by name: delete it to begin anew.
 */
export function evaluationFolder(folder: string, options: EvaluationFolderOptions = {}): EvaluationMemory {
  const fileOf = (server: string): string =>
    join(folder, `${createHash('sha256').update(server).digest('hex').slice(0, 32)}.json`)
  return {
    recall: (server) => readFileOf(server, fileOf(server)),
    async remember(server, seen) {
      const file = fileOf(server)
      try {
        await raise(folder, file, server, seen)
      } catch (cause) {
        if (!isSystemError(cause)) throw cause
        const error = new BlindAiError('EVALUATION_MEMORY_UNWRITABLE', { server, reason: cause.code }, { cause })
        if (options.onUnwritable === undefined) throw error
        options.onUnwritable(error)
      }
    },
  }
}

async function raise(folder: string, file: string, server: string, seen: SeenEvaluation): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const known = await readFileOf(server, file)
    const wanted = raised(known, seen)
    if (wanted === known) return
    await mkdir(folder, { recursive: true, mode: 0o700 })
    if (known.length === 0) await makeRoom(folder)
    await writeWhole(folder, file, evaluationsText(server, wanted))
  }
}

/** @throws {BlindAiError} `EVALUATION_MEMORY_UNREADABLE` for a file that is there and cannot be read. */
async function readFileOf(server: string, file: string): Promise<readonly SeenEvaluation[]> {
  const unreadable = (reason: string, cause?: Error): BlindAiError =>
    new BlindAiError('EVALUATION_MEMORY_UNREADABLE', { server, reason }, { cause })
  try {
    const handle = await open(file, 'r')
    try {
      const { size } = await handle.stat()
      if (size > MAX_FILE_BYTES) throw unreadable('TOO_LONG')
      return readEvaluations(server, await handle.readFile())
    } finally {
      await handle.close()
    }
  } catch (cause) {
    if (!isSystemError(cause)) throw cause
    if (cause.code === 'ENOENT') return []
    throw unreadable(cause.code, cause)
  }
}

/** Before a server is remembered for the first time, the one of longest ago gives way where there are too many. */
async function makeRoom(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => FILE_NAME.test(name))
  if (names.length < MOST_FILES) return
  const times = await Promise.all(
    names.map(async (name) => ({ name, mtimeMs: (await stat(join(folder, name))).mtimeMs })),
  )
  times.sort((a, b) => a.mtimeMs - b.mtimeMs)
  for (const { name } of times.slice(0, names.length - MOST_FILES + 1)) await rm(join(folder, name), { force: true })
}

async function writeWhole(folder: string, file: string, text: string): Promise<void> {
  const beside = `${file}.${process.pid}-${randomBytes(6).toString('hex')}.new`
  try {
    const handle = await open(beside, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(beside, file)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
  const parent = await open(folder, 'r')
  try {
    await parent.sync()
  } finally {
    await parent.close()
  }
}

function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string'
}
