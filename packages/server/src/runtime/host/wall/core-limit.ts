import { readFileSync } from 'node:fs'

/**
 * The limit on core files for this process and its children.
 *
 * With 0 the kernel still starts the program that `core_pattern` may name, and hands it the whole memory; with 1 it does
 * neither, because one byte is no core file either. Where a limit of 0 was set before, nobody but root can raise it.
 *
 * Source: core(5), "Piping core dumps to a program"; fs/coredump.c of Linux.
 */
export function coreLimitBytes(): 0 | 1 {
  return /^Max core file size\s+\S+\s+0\s/m.test(readFileSync('/proc/self/limits', 'utf8')) ? 0 : 1
}
