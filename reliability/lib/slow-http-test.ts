import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { descriptorsOf } from './process-figures.ts'

/** How slow the tool is: headers, body, reading. */
export type SlowHttpMode = '-H' | '-B' | '-X'

const LAST_SECONDS = 60
const LOOK_MS = 500
const GRACE_MS = 5000
const WHOLE = /^\d+$/
/** Why it ends by itself when there is no more to do. */
const ALL_CLOSED = 'No open connections left'
/** The tool opens so many a second. */
const RATE = 100
/** What the client that is not slow may have open. */
const OTHERS = 20
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

/** What was seen of the server's connections while the tool ran. */
export interface SlowHttpRun {
  /** By the tool's own count: those that it had, however long. */
  readonly opened: number
  /** The most at one time. */
  readonly most: number
  /** Those that were still open when the tool gave up; it would have closed them itself then. */
  readonly stillOpen: number
  /** When the last of them was closed, in seconds from the start. */
  readonly seconds: number
}

/**
 * Runs Debian's slowhttptest against a server and counts the server's own descriptors: the tool's view of a connection that it
 * does not read says nothing of whether the other side has let it go.
 *
 * @param folder - where the tool may leave its figures.
 * @throws {Error} when it is not installed, or ends before its time with connections that it still has.
 */
export async function slowHttpTest(
  mode: SlowHttpMode,
  { url, pid }: { readonly url: string; readonly pid: number },
  connections: number,
  folder: string,
): Promise<SlowHttpRun> {
  const before = descriptorsOf(pid).sockets
  const open = (): number => Math.max(0, descriptorsOf(pid).sockets - before - OTHERS)
  const args = [mode, '-c', String(connections), '-r', String(RATE), '-l', String(LAST_SECONDS), ...OPTIONS[mode]]
  const figures = join(folder, `slowhttptest${mode}`)
  const child = spawn('slowhttptest', [...args, '-g', '-o', figures, '-u', new URL(PATHS[mode], url).href], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
  })
  await once(child, 'spawn')
  const closed = once(child, 'close')
  const startedMs = performance.now()
  const elapsedSeconds = (): number => (performance.now() - startedMs) / 1000
  let [most, stillOpen, seconds] = [0, 0, 0]
  while (child.exitCode === null && child.signalCode === null && elapsedSeconds() < LAST_SECONDS - 2) {
    stillOpen = open()
    most = Math.max(most, stillOpen)
    if (stillOpen > 0) seconds = elapsedSeconds()
    await setTimeout(LOOK_MS)
  }
  const isOver = child.exitCode !== null || child.signalCode !== null
  // It writes its figures before it ends; one that does not end gets no second request.
  child.kill('SIGINT')
  const tooLong = setTimeout(GRACE_MS, undefined, { ref: false }).then(() => child.kill('SIGKILL'))
  await Promise.race([closed, tooLong.then(() => closed)])
  if (isOver && !printed.includes(ALL_CLOSED)) throw new Error(`slowhttptest ended too soon: ${printed.slice(-200)}`)
  const opened = openedOf(await readFile(`${figures}.csv`, 'utf8'))
  return { opened, most, stillOpen: isOver ? 0 : stillOpen, seconds }
}

/**
 * The most that the tool had, open or closed again, in any second: rows of seconds, closed, pending, connected, and whether the
 * service was there.
 *
 * @throws {RangeError} for a row without them, as one that was torn when the tool was killed.
 */
export function openedOf(csv: string): number {
  const rows = csv.trim().split('\n').slice(1)
  return Math.max(0, ...rows.map(openedByRow))
}

function openedByRow(row: string): number {
  const [, closed = '', , connected = ''] = row.split(',')
  if (!WHOLE.test(closed) || !WHOLE.test(connected)) {
    throw new RangeError(`slowhttptest wrote a row without figures: ${JSON.stringify(row)}`)
  }
  return Number(closed) + Number(connected)
}
