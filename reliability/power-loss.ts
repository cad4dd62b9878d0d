import { fileKeySource, isStoreError, SealedStore, type StoreFiles } from '@blindai/store'
import { seeded } from './lib/content.ts'
import { Disk } from './lib/disk.ts'
import { honestly, interposed } from './lib/interposed.ts'
import { Ledger, type Violation } from './lib/ledger.ts'
import { asCommand, type Finding } from './lib/report.ts'
import { type Manners, shortStory, uploadAndDelete, type Witness, work } from './lib/workload.ts'

/**
 * Loss of power: the store works on a disk in memory (`lib/disk.ts`), and after each of its operations every state that the
 * disk could be found in is opened by a new store, whose models are compared with what was acknowledged.
 *
 *   node --conditions=source reliability/power-loss.ts [--long]
 *
 * The long form also cuts the power while the store recovers from a loss of power.
 */

/** What a disk, or a store, does wrong. */
interface Plan {
  readonly title: string
  /** What gives it away; absent for what is not planted. */
  readonly expected?: Violation['kind']
  readonly manners?: Manners
  /** Operations that are answered and not done. */
  readonly swallows?: (operation: string) => boolean
}

const PLANTED: readonly Plan[] = [
  { title: 'no fsync of a blob', expected: 'lost', swallows: (name) => name === 'fsync blob' },
  { title: 'no fsync of the index', expected: 'refused to open', swallows: (name) => name === 'fsync index.tmp' },
  { title: 'no fsync of the folder of blobs', expected: 'lost', swallows: (name) => name === 'fsync-dir blobs' },
  {
    title: 'no fsync of the folder of the index',
    expected: 'refused to open',
    swallows: (name) => name === 'fsync-dir .',
  },
  { title: 'uploads acknowledged early', expected: 'lost', manners: 'acknowledges uploads early' },
  { title: 'deletes acknowledged early', expected: 'returned', manners: 'acknowledges deletes early' },
]

/** States at one point beyond which a seeded sample of them is tried. */
const MOST_AT_A_POINT = { short: 400, long: 100_000 } as const
/** One recovery in so many is itself cut off. */
const NESTED_EVERY = 40

export async function checkPowerLoss({ long }: { readonly long: boolean }): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const plan of PLANTED) findings.push(await tryPlan(plan, { long: false, most: 60, nested: false }))
  const most = long ? MOST_AT_A_POINT.long : MOST_AT_A_POINT.short
  findings.push(await tryPlan({ title: 'the store' }, { long, most, nested: long }))
  return findings
}

interface Extent {
  readonly long: boolean
  readonly most: number
  readonly nested: boolean
}

async function tryPlan(plan: Plan, { long, most, nested }: Extent): Promise<Finding> {
  const { title, expected, manners = 'honest', swallows = () => false } = plan
  const ledger = new Ledger()
  const violations: Violation[] = []
  const random = seeded(1)
  let points = 0
  let exhaustive = 0
  let states = 0
  let nestedStates = 0

  /** Tries the states that the disk could be in now. */
  async function lose(disk: Disk, beliefs: Ledger, depth: number): Promise<void> {
    // What was planted needs to be found once.
    if (violations.some(({ kind }) => kind === expected)) return
    const count = disk.countStates()
    const isWhole = count <= most
    if (depth === 0) {
      points++
      if (isWhole) exhaustive++
    }
    for (let i = 0; i < Math.min(count, most); i++) {
      const state = disk.stateAfterLoss(isWhole ? i : Math.floor(random() * count))
      if (depth === 0) states++
      else nestedStates++
      if (nested && depth === 0 && states % NESTED_EVERY === 0) {
        const watched = state.watched((again) => lose(again, beliefs, 1))
        violations.push(...(await reopen(watched, beliefs.copy())))
      } else violations.push(...(await reopen(state, beliefs.copy())))
    }
  }

  const files = interposed(new Disk((disk) => lose(disk, ledger, 0)), honestly, swallows)
  const store = await openOn(files)
  await work(store, long ? [...shortStory(), ...uploadAndDelete()] : shortStory(), witnessOf(ledger), manners)
  await store.close()
  if (states === 0) throw new Error('no state of the disk was tried')
  const nestedText = nested ? `, ${nestedStates} more in recovery` : ''
  return {
    title,
    violations,
    tried: `${states} states at ${points} points, ${exhaustive} of them exhaustively${nestedText}`,
    ...(expected !== undefined && { expected: [expected] as const }),
  }
}

async function reopen(files: StoreFiles, beliefs: Ledger): Promise<Violation[]> {
  try {
    const store = await openOn(files)
    const violations = await beliefs.check(store)
    await store.close()
    return violations
  } catch (error) {
    if (!isStoreError(error)) throw error
    return [{ kind: 'refused to open', model: error.code }]
  }
}

function openOn(files: StoreFiles): Promise<SealedStore> {
  return SealedStore.open({ files, keySource: fileKeySource(files, 'key'), onEvent: () => undefined })
}

function witnessOf(ledger: Ledger): Witness {
  return {
    ask: ({ kind, upload }) => {
      if (kind !== 'rename') ledger.ask(upload)
    },
    acknowledge: ({ kind, upload }) => {
      if (kind !== 'rename') ledger.acknowledge(upload, kind === 'upload' ? 'present' : 'absent')
    },
    fail: ({ upload }) => ledger.fail(upload),
  }
}

await asCommand(import.meta.url, 'Loss of power', checkPowerLoss)
