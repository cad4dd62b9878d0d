import { readFileSync, writeFileSync } from 'node:fs'

/**
 * Lets a file have another content while some work is done, and then what the work comes to. When the work fails, the file is
 * as it was.
 */
export async function rewriteFile(path: string, meanwhile: string, work: () => Promise<string>): Promise<void> {
  const before = readFileSync(path)
  writeFileSync(path, meanwhile)
  let after: string | Uint8Array = before
  try {
    after = await work()
  } finally {
    writeFileSync(path, after)
  }
}
