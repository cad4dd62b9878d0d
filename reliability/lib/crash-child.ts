import { writeSync } from 'node:fs'
import { fileKeySource, nodeFiles, SealedStore } from '@blindai/store'
import { type CrashOrder, crashingFiles } from './crash-files.ts'
import { comingAndGoing, endlessStory, type Step, uploadAndDelete, type Witness, work } from './workload.ts'

/**
 * A process that works on a store until it is killed, or at a named operation kills itself. It says what it asks and what
 * was acknowledged on standard output, a JSON array a line, written before it goes on.
 *
 *   node crash-child.ts FOLDER ORDER
 */

const [folder = '', order = ''] = process.argv.slice(2)
const { story, seed, manners, ...crash }: CrashOrder = JSON.parse(order)

function say(...line: readonly unknown[]): void {
  writeSync(1, `${JSON.stringify(line)}\n`)
}

const witness: Witness = {
  ask: (step) => say('ask', step),
  acknowledge: (step) => say('acknowledge', step),
  fail: (step) => say('fail', step),
}

const plain = nodeFiles(folder)
const files = crashingFiles(plain, folder, crash, say)
const store = await SealedStore.open({ files, keySource: fileKeySource(plain, 'key'), onEvent: () => undefined })
say('ready')
const stories = {
  endless: () => endlessStory(seed),
  tenants: comingAndGoing,
  'upload and delete': uploadAndDelete,
} as const
const steps: Iterable<Step> = stories[story]()
await work(store, steps, witness, manners)
say('done')
