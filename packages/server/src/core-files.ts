import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { GatekeeperError } from './gatekeeper-error.ts'
import { coreLimitBytes } from './runtime/host/wall/core-limit.ts'
import { findFile } from './runtime/host/wall/tools.ts'

/** No kind of memory is written, in whatever way a core file comes about; children have the same. Source: core(5). */
const NO_MEMORY = '0x0'
const FILTER_FILE = '/proc/self/coredump_filter'
const FOLDERS = ['/usr/bin', '/bin']

/**
 * Makes a crash of this process, and of every process that it starts, write nothing of its memory to a disk: by a limit, and
 * by a filter that leaves nothing to write. One of them is enough. Outside of Linux it does nothing.
 *
 * @throws {GatekeeperError} `CORE_FILES_POSSIBLE` when neither can be had.
 */
export function forbidCoreFiles(): void {
  if (process.platform !== 'linux') return
  const isLimited = limitCoreFiles(findFile(FOLDERS, 'prlimit'))
  if (!emptyCoreFiles() && !isLimited) throw new GatekeeperError('CORE_FILES_POSSIBLE', {})
}

function limitCoreFiles(prlimit: string | undefined): boolean {
  if (prlimit === undefined) return false
  try {
    execFileSync(prlimit, [`--pid=${process.pid}`, `--core=${coreLimitBytes()}`], { env: {}, stdio: 'ignore' })
    return coreLimitBytes() === 1
  } catch (error) {
    if (error instanceof Error && ('status' in error || 'code' in error)) return false
    throw error
  }
}

function emptyCoreFiles(): boolean {
  try {
    writeFileSync(FILTER_FILE, NO_MEMORY)
    return Number.parseInt(readFileSync(FILTER_FILE, 'utf8'), 16) === 0
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}
