import { spawn } from 'node:child_process'

/** How slow the tool is: headers, body, reading. */
export type SlowHttpMode = '-H' | '-B' | '-X'

/** Begins a colour. */
const ESCAPE = String.fromCharCode(27)

const LAST_SECONDS = 60
/** Of its modes, what each asks for: something that everybody may, and that takes a body or has an answer of some size. */
const PATHS: { readonly [Mode in SlowHttpMode]: string } = {
  '-H': '/v2/health/live',
  '-B': '/.well-known/blindai/channel',
  '-X': '/.well-known/blindai/attestation',
}
const OPTIONS: { readonly [Mode in SlowHttpMode]: readonly string[] } = {
  '-H': ['-i', '1', '-x', '10'],
  '-B': ['-i', '1', '-x', '1', '-s', '1000', '-f', 'application/json'],
  '-X': ['-k', '2', '-w', '1', '-y', '64', '-n', '1', '-z', '5'],
}

/**
 * Runs Debian's slowhttptest against a server; it ends when every connection was closed, or after a minute.
 *
 * @throws {Error} when it is not installed, or says nothing of its connections.
 */
export async function slowHttpTest(
  mode: SlowHttpMode,
  { url }: { readonly url: string },
  connections: number,
): Promise<{ readonly stillOpen: number; readonly seconds: number }> {
  const args = [mode, '-c', String(connections), '-r', '100', '-l', String(LAST_SECONDS), ...OPTIONS[mode]]
  const child = spawn('slowhttptest', [...args, '-u', new URL(PATHS[mode], url).href], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>()
  child.once('error', reject)
  child.once('close', () => resolve())
  let text = ''
  for await (const chunk of child.stdout.setEncoding('utf8')) text = `${text}${chunk}`.slice(-20_000)
  await ended
  const plain = withoutColours(text)
  const seconds = lastNumber(plain, 'Test ended on')
  if (plain.includes('No open connections left')) return { stillOpen: 0, seconds }
  return { stillOpen: lastNumber(plain, 'connected:') + lastNumber(plain, 'pending:'), seconds }
}

function withoutColours(text: string): string {
  return text
    .split(ESCAPE)
    .map((part) => part.replace(/^\[[0-9;]*[A-Za-z]/, ''))
    .join('')
}

/** The last number that the tool said of something. */
function lastNumber(text: string, of: string): number {
  const found = [...text.matchAll(new RegExp(`${of}\\s*(\\d+)`, 'g'))].at(-1)?.[1]
  if (found === undefined) throw new Error(`slowhttptest said nothing of "${of}"`)
  return Number(found)
}
