import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { connect } from '@blindai/client'
import { createApiKey } from '@blindai/server'
import { Random } from '../fuzz/engine/random.ts'
import { ELEMENT, model, node, value } from '../tests/support/onnx-writer.ts'
import { type Fault, faultOf, legacyFaultOf } from './lib/answer-check.ts'
import { type AttestedServer, startServe } from './lib/attested-server.ts'
import { DoorTally } from './lib/door-tally.ts'
import { type Behave, FAULTY, LEGACY_FAULTY } from './lib/faulty-servers.ts'
import { inFolder } from './lib/folder.ts'
import { answerOf, type Door, http1, http2, sealed, sendBroken, tcp, tls, written } from './lib/hostile-doors.ts'
import { watchOther } from './lib/other-tenant.ts'
import type { Outcome } from './lib/raw-http.ts'
import { asCommand, type Finding } from './lib/report.ts'
import { CANARY, type HostileAsk, type Known, RequestGrammar } from './lib/request-grammar.ts'

/**
 * Hostile requests: a server process gets requests from a grammar over all routes, through every door it has, while another
 * tenant is served. Each must be answered in time, and each refusal must be of the closed list and tell nothing.
 *
 *   node --conditions=source reliability/hostile-requests.ts [--long]
 */

const REQUESTS = { short: 2000, long: 1_000_000 } as const
/** Of a hundred requests. */
const SHARES = { http1: 60, http2: 26, broken: 4, sealed: 2, 'sealed bytes': 4, 'BlindAI 0.6': 4 } as const
/** A broken head may be closed on only when its time is over, so many wait side by side. */
const AT_ONCE = { http1: 4, http2: 8, broken: 64 } as const

const DOUBLES = model({
  nodes: [node('Add', ['x', 'x'], ['y'])],
  inputs: [value('x', ELEMENT.float, ['n'])],
  outputs: [value('y', ELEMENT.float, ['n'])],
})
const SHA256 = createHash('sha256').update(DOUBLES).digest('hex')

type Violation = { readonly kind: string }

export async function checkHostileRequests({ long }: { readonly long: boolean }): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const { fault, behave } of FAULTY) findings.push(await planted(fault, fault, behave, faultOf))
  for (const { fault, behave } of LEGACY_FAULTY) {
    findings.push(await planted(`${fault}, to a client of BlindAI 0.6`, fault, behave, legacyFaultOf))
  }
  findings.push(...(await inFolder(long, (folder) => ours(folder, REQUESTS[long ? 'long' : 'short']))))
  return findings
}

async function ours(folder: string, requests: number): Promise<Finding[]> {
  const [alice, bob, carol] = [createApiKey(), createApiKey(), createApiKey()]
  const printed: Buffer[] = []
  const config = {
    tenants: [
      { name: 'alice', role: 'owner', keySha256: alice.keySha256 },
      { name: 'bob', role: 'owner', keySha256: bob.keySha256 },
      { name: 'carol', role: 'caller', keySha256: carol.keySha256 },
    ],
    legacy: { ports: { attestation: 0, run: 0, management: 0 } },
    limits: {
      cores: 2,
      maxModelBytes: 1_048_576,
      maxRequestBytes: 1_048_576,
      headersTimeoutMs: 5000,
      bodyGraceMs: 5000,
    },
  }
  const server = await startServe(folder, config, printed)
  const owner = await connect({ url: server.url, policy: server.policy, apiKey: alice.key })
  await owner.models.upload(DOUBLES, { name: 'doubles' })
  const other = await connect({ url: server.url, policy: server.policy, apiKey: bob.key })
  await other.models.upload(DOUBLES, { name: 'doubles' })
  const known: Known = { keys: [alice.key, carol.key], sha256: SHA256 }
  const watch = watchOther(other)
  const findings = await throughAllDoors(server, known, alice.key, requests)
  const { answers, failures, slowestMs } = await watch.end()
  findings.push({
    title: 'another tenant meanwhile',
    tried: `${answers} answers, the slowest after ${Math.round(slowestMs)} ms`,
    violations: failures,
  })
  await Promise.all([owner.close(), other.close()])
  const ended = await server.end('SIGTERM')
  const crash = ended === 0 && server.child.signalCode === null ? [] : [{ kind: `ended with ${ended}` }]
  findings.push({ title: 'the process', tried: 'alive to the end, then SIGTERM', violations: crash })
  return findings
}

async function throughAllDoors(
  server: AttestedServer,
  known: Known,
  apiKey: string,
  requests: number,
): Promise<Finding[]> {
  const port = Number(new URL(server.url).port)
  const session = await connect({ url: server.plainUrl, policy: server.policy, apiKey, transport: 'ohttp' })
  const count = (share: keyof typeof SHARES): number => Math.ceil((requests * SHARES[share]) / 100)
  const grammarOf = (seed: number): RequestGrammar => new RequestGrammar(new Random(seed), known)
  const findings = await Promise.all([
    throughDoors('http1', count('http1'), AT_ONCE.http1, grammarOf, async () => http1(tls(port, true))),
    throughDoors('http2', count('http2'), AT_ONCE.http2, grammarOf, () => http2(port)),
    throughDoors('sealed', count('sealed'), 1, grammarOf, async () => sealed(session)),
    tally('broken', count('broken'), AT_ONCE.broken, [brokenFaults(port, grammarOf(101))]),
    tally('sealed bytes', count('sealed bytes'), 1, [sealedByteFaults(server.plainUrl, grammarOf(102))]),
    tally('BlindAI 0.6', count('BlindAI 0.6'), 1, legacyFaults(server, grammarOf(103))),
  ])
  return findings
}

/** Sends requests of the grammar through some doors of a kind at once. */
async function throughDoors(
  title: string,
  requests: number,
  atOnce: number,
  grammarOf: (seed: number) => RequestGrammar,
  open: () => Promise<Door>,
): Promise<Finding> {
  const violations: Violation[] = []
  const tallies = Array.from({ length: atOnce }, () => new DoorTally())
  let [sent, cut] = [0, 0]
  await Promise.all(
    tallies.map(async (tally, index) => {
      const grammar = grammarOf(index + 1)
      const door = await open()
      while (sent < requests) {
        sent += 1
        const ask = grammar.next()
        const outcome = await door.send(ask)
        tally.note(outcome)
        // An h2 library refuses a head past its bound by closing the stream. Source: RFC 9113 section 10.5.1.
        const isCut = title === 'http2' && outcome?.kind === 'closed' && isPastBounds(ask)
        if (isCut) cut += 1
        const fault = outcome === undefined || isCut ? undefined : faultOf(outcome)
        if (fault !== undefined) violations.push({ kind: fault, ...example(ask.method, ask.target, outcome) })
      }
      await door.close()
    }),
  )
  const all = DoorTally.sum(tallies)
  violations.push(...tallies.flatMap((tally) => tally.unused('answered')), ...all.unused('served', 'refused'))
  const tried = `${all}, ${cut} cut for their head`
  return { title: `through ${title}`, tried, violations }
}

/** The server's defaults: 64 fields, and 16 KiB. */
function isPastBounds({ headers }: HostileAsk): boolean {
  return headers.length > 60 || headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0) > 15_000
}

/** What a person needs to look into it. */
function example(method: string, target: string, outcome: Outcome | undefined): object {
  const answer = outcome?.kind === 'answer' ? outcome.body.toString('utf8').slice(0, 300) : outcome?.kind
  return { request: `${method} ${target.slice(0, 200)}`, answer }
}

/** What became of one request, and what is wrong with that. */
interface Judged {
  readonly outcome: Outcome | undefined
  readonly fault: Fault | undefined
}

/** Sends requests through doors in turn, so many at once. */
async function tally(
  title: string,
  count: number,
  atOnce: number,
  doors: readonly (() => Promise<Judged>)[],
): Promise<Finding> {
  const violations: Violation[] = []
  const tallies = doors.map(() => new DoorTally())
  let sent = 0
  const ask = async (): Promise<void> => {
    while (sent < count) {
      const turn = sent++
      const { outcome, fault } = await at(doors, turn)()
      at(tallies, turn).note(outcome)
      if (fault !== undefined) violations.push({ kind: fault })
    }
  }
  await Promise.all(Array.from({ length: atOnce }, ask))
  // None of these needs to be served: of most, nothing can be.
  violations.push(...tallies.flatMap((one) => one.unused('answered', 'refused')))
  return { title: `through ${title}`, tried: `${DoorTally.sum(tallies)}`, violations }
}

/** Round and round. */
function at<T>(values: readonly T[], index: number): T {
  const value = values[index % values.length]
  if (value === undefined) throw new RangeError('there is no door')
  return value
}

/** Heads that are wrong in ways of their own: to be answered or closed on, and never to hang. */
function brokenFaults(port: number, grammar: RequestGrammar): () => Promise<Judged> {
  const random = new Random(7)
  const bend = [
    (text: string) => text.replace('HTTP/1.1', random.pick(['HTTP/9.9', 'HTTP/1', 'http/1.1', '', 'ICE/1.0'])),
    (text: string) =>
      text.replace('\r\nhost', random.pick(['\nhost', '\r\n host', '\r\n\0host', '\r\n:host', '\r\nho st'])),
    (text: string) => text.replace('\r\nhost', '\r\ntransfer-encoding: chunked\r\nhost'),
    (text: string) => text.replace('\r\nhost', '\r\ncontent-length: 3\r\nhost'),
    (text: string) =>
      text.replace(/content-length: \d+/, `content-length: ${random.pick(['-1', '0x1', '1,1', '9'.repeat(40)])}`),
    (text: string) => `${random.pick(['\0', '\x16\x03\x01', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'x'])}${text}`,
  ]
  return async () => {
    const text = random.pick(bend)(written(grammar.next()).toString('latin1'))
    const outcome = await sendBroken(tls(port, false), Buffer.from(text, 'latin1'))
    return { outcome, fault: outcome.kind === 'closed' ? undefined : faultOf(outcome) }
  }
}

function sealedByteFaults(plainUrl: string, grammar: RequestGrammar): () => Promise<Judged> {
  const headers = { 'content-type': 'message/ohttp-req' }
  return async () => {
    const body = new Uint8Array(grammar.next().body)
    const url = `${plainUrl}/.well-known/blindai/ohttp`
    const outcome = await answerOf(await fetch(url, { method: 'POST', headers, body }))
    return { outcome, fault: faultOf(outcome) }
  }
}

function legacyFaults({ legacy }: AttestedServer, grammar: RequestGrammar): (() => Promise<Judged>)[] {
  if (legacy === undefined) throw new RangeError('the server has no listeners for clients of BlindAI 0.6')
  const random = new Random(9)
  const doors = [
    { path: '/run', door: http1(tls(Number(new URL(legacy.run).port), false)) },
    { path: '/upload', door: http1(tls(Number(new URL(legacy.management).port), false)) },
    { path: '/delete', door: http1(tls(Number(new URL(legacy.management).port), false)) },
  ]
  return doors.map(({ path, door }) => async () => {
    const target = random.oneIn(20) ? `/${CANARY}` : path
    const outcome = await door.send({ method: 'POST', target, headers: [], body: grammar.nextLegacy() })
    return { outcome, fault: outcome === undefined ? undefined : legacyFaultOf(outcome) }
  })
}

async function planted(
  title: string,
  fault: Fault,
  behave: Behave,
  judge: (outcome: Outcome) => Fault | undefined,
): Promise<Finding> {
  const server = createServer()
  behave(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port')
  const grammar = new RequestGrammar(new Random(1), { keys: ['k'], sha256: SHA256 })
  const door = http1(tcp(address.port), 500)
  const violations: Violation[] = []
  for (let sent = 0; sent < 3; sent++) {
    const outcome = await door.send({ ...grammar.next(), method: 'POST' })
    const found = outcome === undefined ? undefined : judge(outcome)
    if (found !== undefined) violations.push({ kind: found })
  }
  await door.close()
  server.closeAllConnections()
  server.close()
  return { title, tried: '3 requests', violations, expected: [fault] }
}

await asCommand(import.meta.url, 'Hostile requests', checkHostileRequests)
