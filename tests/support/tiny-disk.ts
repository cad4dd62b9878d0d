import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** Where no file system can be mounted tests of full disks are skipped, unless `BLINDAI_REQUIRE` names faults. */
export const CAN_MOUNT: boolean = canMount()

/** A file system of so many bytes, in memory; gone after the test. */
export function tinyDisk(bytes: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'blindai-tiny-'))
  if (!mount(folder, bytes)) throw new Error('no file system can be mounted here')
  onTestFinished(() => unmount(folder))
  return folder
}

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'blindai-tiny-'))
  const mounted = mount(folder, 4096)
  if (mounted) unmount(folder)
  else rmdirSync(folder)
  if (!mounted && (process.env.BLINDAI_REQUIRE ?? '').split(',').includes('faults')) {
    throw new Error('BLINDAI_REQUIRE names faults, and no file system can be mounted here')
  }
  return mounted
}

function mount(folder: string, bytes: number): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder]).status === 0
}

function unmount(folder: string): void {
  spawnSync('umount', [folder])
  rmdirSync(folder)
}
