import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

/** The programs of Debian's essential packages that build the wall. */
export const TOOL_NAMES = ['mount', 'prlimit', 'setpriv', 'sh', 'tar', 'unshare'] as const

/** Their absolute paths; and Perl, which belongs to them but without which there is still something of a wall. */
export type Tools = { readonly [Name in (typeof TOOL_NAMES)[number]]: string } & { readonly perl: string | undefined }

const FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin']

/** The paths of all tools, or undefined when one is not installed. The search path of the environment plays no part. */
export function findTools(): Tools | undefined {
  const found = TOOL_NAMES.map((name) => [name, findFile(FOLDERS, name)] as const)
  return isComplete(found) ? (Object.fromEntries([...found, ['perl', findFile(FOLDERS, 'perl')]]) as Tools) : undefined
}

/** The first of the folders that has the file, with the file's name. */
export function findFile(folders: readonly string[], name: string): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isReadable)
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}

function isComplete(found: readonly (readonly [string, string | undefined])[]): boolean {
  return found.every(([, path]) => path !== undefined)
}
