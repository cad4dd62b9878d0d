import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright'

const CHROMIUM = process.env.BLINDAI_CHROMIUM ?? '/usr/bin/chromium'

/** No flag here makes the browser accept a certificate that it would not accept by itself. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** What this machine lacks for tests in a browser; empty when it lacks nothing. */
export function missingTools(): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return [
    ...(existsSync(CHROMIUM) ? [] : [`Chromium at ${CHROMIUM}`]),
    ...(folders.some((folder) => existsSync(join(folder, 'certutil'))) ? [] : ['certutil']),
  ]
}

/**
 * Starts a browser with a home of its own, in whose certificate database an authority is trusted, as an administrator would
 * have it.
 */
export async function launchChromium(home: string, authority: string | undefined): Promise<Browser> {
  if (authority !== undefined) {
    const database = join(home, '.pki', 'nssdb')
    await mkdir(database, { recursive: true })
    await writeFile(join(home, 'authority.pem'), authority)
    execFileSync('certutil', ['-N', '-d', `sql:${database}`, '--empty-password'])
    const trust = ['-A', '-d', `sql:${database}`, '-t', 'C,,', '-n', 'test authority']
    execFileSync('certutil', [...trust, '-i', join(home, 'authority.pem')])
  }
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ARGS,
    env: { PATH: process.env.PATH ?? '', HOME: home },
  })
}
