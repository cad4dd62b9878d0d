import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { fileKeySource, isStoreError, nodeFiles, SealedStore } from '@blindai/store'
import { seeded } from './lib/content.ts'
import type { CrashOrder, Moment } from './lib/crash-files.ts'
import { inFolder } from './lib/folder.ts'
import { Ledger, type Violation } from './lib/ledger.ts'
import { asCommand, type Finding } from './lib/report.ts'
import type { Step } from './lib/workload.ts'

/**
 * Crashes: a process that works on a store in a real folder is killed with SIGKILL, at random points and at every
 * operation on files that one upload and one delete make: before it, after it and, for a write, in its middle. Then the
 * folder is opened and compared with what was acknowledged.
 *
 *   node --conditions=source reliability/crash.ts [--long]
 */

const CHILD = fileURLToPath(new URL('./lib/crash-child.ts', import.meta.url))
const POINTS = { short: 8, long: 250 } as const
/** A child does about as much in this time as makes every operation likely. */
const LONGEST_LIFE_MS = 250
/** Children that are tried beside each other, each in a folder of its own. */
const AT_ONCE = 2
/** A child that lives longer than this hangs. */
const DEADLINE_MS = 60_000

const HONEST = { story: 'upload and delete', seed: 0, manners: 'honest' } as const

export async function checkCrashes({ long }: { readonly long: boolean }): Promise<readonly Finding[]> {
  const early = { manners: 'acknowledges uploads early', failpoint: 'rename index#2', moment: 'before' } as const
  const deleted = { manners: 'acknowledges deletes early', failpoint: 'rename index#4', moment: 'before' } as const
  const story = 'tenants'
  const enrolled = {
    story,
    manners: 'acknowledges tenants early',
    failpoint: 'rename index#2',
    moment: 'before',
  } as const
  return [
    await atFailpoints(long, 'uploads acknowledged early', [{ ...HONEST, ...early }], ['lost']),
    await atFailpoints(long, 'deletes acknowledged early', [{ ...HONEST, ...deleted }], ['returned']),
    await atFailpoints(long, 'tenants acknowledged early', [{ ...HONEST, ...enrolled }], ['lost']),
    await atRandomPoints(long, 'an index that is copied into its place', 10, { copies: true }, ['refused to open']),
    await atFailpoints(long, 'the store, at every operation', await allFailpoints(long, HONEST)),
    await atFailpoints(long, 'tenants, at every operation', await allFailpoints(long, { ...HONEST, story })),
    await atRandomPoints(long, 'the store, at random points', long ? POINTS.long : POINTS.short, {}),
  ]
}

/**
 * Every operation of the story, from the names that a child says; a write also in its middle. The short form leaves out
 * what the store does before the second upload and after the delete, which is the same once more.
 */
async function allFailpoints(long: boolean, honest: CrashOrder): Promise<readonly CrashOrder[]> {
  const moments: readonly Moment[] = long ? ['before', 'after'] : ['before']
  const names: string[] = []
  const ledger = new Ledger()
  await inFolder(long, async (folder) => {
    const onOperation = (name: string): void => {
      if (long || (ledger.requests > 1 && ledger.requests < 4)) names.push(name)
    }
    await runChild(folder, { ...honest, names: true }, ledger, { onOperation })
  })
  if (names.length === 0) throw new Error(`the child named no operation of ${honest.story}`)
  return names.flatMap((failpoint) => {
    const all: Moment[] = [...moments, ...(failpoint.startsWith('write ') ? (['half'] as const) : [])]
    return all.map((moment) => ({ ...honest, failpoint, moment }))
  })
}

async function atFailpoints(
  long: boolean,
  title: string,
  orders: readonly CrashOrder[],
  expected?: NonNullable<Finding['expected']>,
): Promise<Finding> {
  const violations: Violation[] = []
  const left = [...orders]
  async function tryNext(): Promise<void> {
    for (let order = left.shift(); order !== undefined; order = left.shift()) {
      violations.push(...(await atFailpoint(long, order)))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, tryNext))
  return { title, violations, tried: `${orders.length} failpoints`, ...(expected && { expected }) }
}

async function atFailpoint(long: boolean, order: CrashOrder): Promise<Violation[]> {
  return await inFolder(long, async (folder) => {
    const ledger = new Ledger()
    const ended = await runChild(folder, order, ledger)
    if (ended !== 'killed') throw new Error(`the failpoint ${order.failpoint} was not reached`)
    return await reopen(folder, ledger)
  })
}

/** Kills at random points; one folder and one ledger for all, so that what one crash left meets the next. */
async function atRandomPoints(
  long: boolean,
  title: string,
  points: number,
  change: Partial<CrashOrder>,
  expected?: NonNullable<Finding['expected']>,
): Promise<Finding> {
  const violations: Violation[] = []
  const random = seeded(7)
  const ledger = new Ledger()
  let tried = 0
  let inFlight = 0
  await inFolder(long, async (folder) => {
    for (let seed = 0; seed < points; seed++) {
      if (expected?.every((kind) => violations.some((found) => found.kind === kind))) return
      const lifeMs = random() * LONGEST_LIFE_MS
      await runChild(folder, { ...HONEST, story: 'endless', seed, ...change }, ledger, { lifeMs })
      if (ledger.isAsking) inFlight++
      violations.push(...(await reopen(folder, ledger)))
      tried++
    }
  })
  // Kills that meet nothing show nothing.
  if (expected === undefined && inFlight === 0) throw new Error('no kill came within a request')
  const text = `${tried} points, ${inFlight} of them within a request`
  return { title, violations, tried: text, ...(expected && { expected }) }
}

interface Watch {
  readonly onOperation?: (name: string) => void
  /** So long after it began to work it is killed. */
  readonly lifeMs?: number
  readonly deadlineMs?: number
}

/** Runs a child to its end. @throws {Error} for one that hangs: to be killed for that is no failpoint. */
export async function runChild(
  folder: string,
  order: CrashOrder,
  ledger: Ledger,
  { onOperation, lifeMs, deadlineMs = DEADLINE_MS }: Watch = {},
): Promise<'killed' | 'done'> {
  const child = spawn(process.execPath, ['--conditions=source', CHILD, folder, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  let hangs = false
  const tooLong = setTimeout(() => {
    hangs = true
    child.kill('SIGKILL')
  }, deadlineMs)
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const [what, about]: [string, unknown] = JSON.parse(line)
      if (what === 'operation') onOperation?.(String(about))
      else if (what === 'ready' && lifeMs !== undefined) void delay(lifeMs).then(() => child.kill('SIGKILL'))
      else if (isStep(about)) note(ledger, what, about)
    }
    const [code, signal]: [number | null, string | null] = await readExit(exited)
    if (hangs) throw new Error('the child hangs')
    if (signal === 'SIGKILL') return 'killed'
    if (code === 0) return 'done'
    throw new Error(`the child ended with ${code ?? signal}`)
  } finally {
    clearTimeout(tooLong)
    // Nobody reads any more what it says.
    child.kill('SIGKILL')
  }
}

async function readExit(exited: Promise<unknown[]>): Promise<[number | null, string | null]> {
  const [code, signal] = await exited
  return [typeof code === 'number' ? code : null, typeof signal === 'string' ? signal : null]
}

function isStep(value: unknown): value is Step {
  return typeof value === 'object' && value !== null && 'kind' in value && 'upload' in value
}

function note(ledger: Ledger, what: string, { kind, upload }: Step): void {
  if (what === 'acknowledge') ledger.acknowledge(upload, kind === 'upload' || kind === 'enrol' ? 'present' : 'absent')
  else ledger.ask(upload)
}

async function reopen(folder: string, ledger: Ledger): Promise<Violation[]> {
  const files = nodeFiles(folder)
  try {
    const store = await SealedStore.open({ files, keySource: fileKeySource(files, 'key'), onEvent: () => undefined })
    const violations = await ledger.check(store)
    await store.close()
    return violations
  } catch (error) {
    if (!isStoreError(error)) throw error
    return [{ kind: 'refused to open', model: error.code }]
  }
}

await asCommand(import.meta.url, 'Crashes', checkCrashes)
