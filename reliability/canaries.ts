import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import {
  capturePrinted,
  type Place,
  Relay,
  readAnswer,
  readFolder,
  readMetrics,
  readProcesses,
} from './lib/captures.ts'
import { inFolder } from './lib/folder.ts'
import { live, MarkedData } from './lib/marked-life.ts'
import { type FoundMarker, findMarkers, formsOf, type Marker, numberMarker, textMarker } from './lib/markers.ts'
import { asCommand, type Finding } from './lib/report.ts'

/**
 * Canaries: inputs, outputs, weights, names and API keys that can be recognised go through the whole life of a server, and
 * are then looked for where nobody may find them: on the disk (store, key file, state, temporary files), in what the server
 * prints (a line for each request among it), in the bodies of refusals, in the metrics, in arguments and environments of its processes, and on the wire, each in every form.
 *
 *   node --conditions=source reliability/canaries.ts [--long]
 */

const LIVES = { short: 1, long: 20 } as const
const PUT_THERE = 'markers that were put there'

type Leak = FoundMarker & { readonly kind: string }

export async function checkCanaries({ long }: { readonly long: boolean }): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const place of PLACES) findings.push(await planted(place))
  for (let life = 0; life < LIVES[long ? 'long' : 'short']; life++) findings.push(...(await ours(long)))
  return findings
}

async function ours(long: boolean): Promise<Finding[]> {
  const data = new MarkedData()
  const { captures, answers, refusals } = await inFolder(long, (folder) => live(folder, data))
  return PLACES.map((place) => {
    const bytes = captures[place].reduce((sum, { byteLength }) => sum + byteLength, 0)
    if (bytes === 0) throw new Error(`nothing was captured of ${place}`)
    const leaks = captures[place].flatMap((capture) => findMarkers(capture, data.all))
    const tried = `${answers} answers, ${refusals} refusals; ${bytes} bytes, ${data.all.length} markers`
    return { title: `the server: ${place}`, tried, violations: leaks.map(asLeak) }
  })
}

/** Puts a marker of each kind in each form into a place, and finds every one of them there: or the search is worth nothing. */
async function planted(place: Place): Promise<Finding> {
  const leaks: Leak[] = []
  let tried = 0
  let missed = 0
  for (const marker of [numberMarker('numbers'), textMarker('a text')]) {
    for (const [form, bytes] of formsOf(marker)) {
      // Arguments and environments are text without zero bytes.
      if (place === 'processes' && !/^[\x20-\x7e]+$/.test(bytes.toString('latin1'))) continue
      tried += 1
      const found = await plantedIn(place, marker, bytes)
      if (!found.some((one) => one.marker === marker.name && one.form === form)) missed += 1
      leaks.push(...found.map((one) => ({ ...one, kind: PUT_THERE })))
    }
  }
  const title = `${place}, in each form`
  const violations = missed === 0 ? leaks : []
  return { title, tried: `${tried} forms, ${missed} missed`, violations, expected: [PUT_THERE] }
}

async function plantedIn(place: Place, marker: Marker, bytes: Buffer): Promise<FoundMarker[]> {
  const captures = await PLANTED[place](Buffer.concat([Buffer.from('<'), bytes, Buffer.from('>')]))
  return captures.flatMap((capture) => findMarkers(capture, [marker]))
}

const PLANTED: { readonly [P in Place]: (bytes: Buffer) => Promise<Buffer[]> } = {
  disk: (bytes) =>
    inFolder(false, async (folder) => {
      await mkdir(join(folder, 'models'))
      await writeFile(join(folder, 'models', 'blob'), bytes)
      return readFolder(folder)
    }),
  log: async (bytes) => {
    const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] })
    const printed: Buffer[] = []
    capturePrinted([child.stdout], printed)
    child.stdin.end(bytes)
    await once(child, 'close')
    return [Buffer.concat(printed)]
  },
  errors: (bytes) => readAnswer(new Response(new Uint8Array(bytes))),
  metrics: (bytes) => readMetrics(`data:text/plain;base64,${bytes.toString('base64')}`),
  processes: async (bytes) => {
    const text = bytes.toString('latin1')
    const child = spawn('sleep', ['60'], { argv0: text, env: { PLANTED: text } })
    await once(child, 'spawn')
    const captures = await readProcesses(process.pid)
    child.kill('SIGKILL')
    await once(child, 'exit')
    return captures
  },
  wire: (bytes) => relayed(bytes),
}

/** Sends bytes through a relay to a server that sends them back. */
async function relayed(bytes: Buffer): Promise<Buffer[]> {
  const echo = createServer((socket) => socket.pipe(socket))
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  const address = echo.address()
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port')
  const relay = await Relay.open(address.port)
  const socket = connect(relay.port, '127.0.0.1')
  socket.end(bytes)
  socket.resume()
  await once(socket, 'close')
  await relay.close()
  echo.close()
  return relay.captures
}

const PLACES: readonly Place[] = ['disk', 'log', 'errors', 'metrics', 'processes', 'wire']

function asLeak(found: FoundMarker): Leak {
  return { ...found, kind: `${found.marker} as ${found.form}` }
}

await asCommand(import.meta.url, 'Canaries', checkCanaries)
