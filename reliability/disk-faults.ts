import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileKeySource, isStoreError, nodeFiles, SealedStore, type StoreFiles } from '@blindai/store'
import { Disk, systemError } from './lib/disk.ts'
import { inFolder } from './lib/folder.ts'
import { honestly, interposed, operationName } from './lib/interposed.ts'
import { Ledger, type Upload, type Violation } from './lib/ledger.ts'
import { asCommand, type Finding } from './lib/report.ts'
import { type Manners, type Step, uploadAndDelete, type Witness, work } from './lib/workload.ts'

/**
 * Disks that fail: EIO, ENOSPC and EDQUOT at each operation on files that an upload and a delete make, and a small tmpfs
 * that is filled for real. Nothing is acknowledged that is not there; the same store goes on to read what it has and, when
 * the disk is well again, to take more.
 *
 *   node --conditions=source reliability/disk-faults.ts [--long]
 *
 * The long form fails every operation in three ways, and from each operation on every later one too.
 */

const CODES = ['EIO', 'ENOSPC', 'EDQUOT'] as const
const NO_SPACE: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT'])
const MIB = 1024 * 1024

/** Operations that fail: the nth that can, alone or with all later ones. */
interface Fault {
  readonly code: (typeof CODES)[number]
  readonly at: number
  readonly lasting: boolean
}

export async function checkDiskFaults({ long }: { readonly long: boolean }): Promise<readonly Finding[]> {
  const operations = await countOperations()
  const codes = long ? CODES : (['EIO', 'ENOSPC'] as const)
  const faults = codes.flatMap((code) =>
    (long ? [false, true] : [code === 'ENOSPC']).flatMap((lasting) =>
      Array.from({ length: operations }, (_, at): Fault => ({ code, at, lasting })),
    ),
  )
  return [
    await withFaults('failures acknowledged', faults, 'acknowledges failures', 'lost'),
    await withFaults('the store, a fault at every operation', faults, 'honest'),
  ]
}

/** True where this process may mount a tmpfs, which is seen by mounting one. */
export function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'blindai-mount-'))
  try {
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder])
    if (status === 0) execFileSync('umount', [folder])
    return status === 0
  } finally {
    rmdirSync(folder)
  }
}

async function withFaults(
  title: string,
  faults: readonly Fault[],
  manners: Manners,
  expected?: Violation['kind'],
): Promise<Finding> {
  const violations: Violation[] = []
  let refusals = 0
  let tried = 0
  for (const fault of faults) {
    if (violations.some(({ kind }) => kind === expected)) break
    tried++
    const found = await withFault(fault, manners)
    violations.push(...found.violations)
    refusals += found.refusals
  }
  if (expected === undefined && refusals === 0) throw new Error('no request met a fault')
  const text = `${tried} faults, ${refusals} requests refused by name`
  return { title, violations, tried: text, ...(expected !== undefined && { expected: [expected] as const }) }
}

async function withFault(
  { code, at, lasting }: Fault,
  manners: Manners,
): Promise<{ readonly violations: readonly Violation[]; readonly refusals: number }> {
  const [before, ...after] = uploadAndDelete()
  if (before === undefined) throw new RangeError('a story begins with an upload')
  let seen = -1
  let isFaulty = false
  const disk = new Disk()
  const files = interposed(disk, async (operation, run) => {
    if (!isFaulty) return await run()
    seen++
    if (seen !== at && !(lasting && seen > at)) return await run()
    // A disk that fails in a write has often taken the first part of it; a close that fails has closed all the same.
    await operation.half?.()
    if (operation.name.startsWith('close')) await run()
    throw systemError(code, operationName(operation))
  })
  const ledger = new Ledger()
  const witness = new Refusals(ledger, code)
  const store = await openOn(files)
  await work(store, [before], witness, manners)
  isFaulty = true
  await work(store, after, witness, manners)
  isFaulty = false
  // The same store, the disk being well again: what it said it has, and room for more.
  const violations = await ledger.copy().check(store)
  await work(store, after, witness, manners)
  violations.push(...(await ledger.copy().check(store)))
  await store.close()
  violations.push(...(await reopen(disk, ledger)), ...witness.misnamed)
  return { violations, refusals: witness.refusals }
}

/** Operations that the steps after the first make when nothing fails. */
async function countOperations(): Promise<number> {
  const [before, ...after] = uploadAndDelete()
  if (before === undefined) throw new RangeError('a story begins with an upload')
  let count = 0
  const files = interposed(new Disk(), (operation, run) => {
    count++
    return honestly(operation, run)
  })
  const store = await openOn(files)
  const witness = new Refusals(new Ledger(), 'EIO')
  await work(store, [before], witness)
  const start = count
  await work(store, after, witness)
  return count - start
}

/** Keeps the ledger and counts what was refused. */
class Refusals implements Witness {
  readonly misnamed: Violation[] = []
  refusals = 0
  readonly #ledger: Ledger
  readonly #code: string

  constructor(ledger: Ledger, code: string) {
    this.#ledger = ledger
    this.#code = code
  }

  ask({ upload }: Step): void {
    this.#ledger.ask(upload)
  }

  acknowledge({ kind, upload }: Step): void {
    this.#ledger.acknowledge(upload, kind === 'upload' ? 'present' : 'absent')
  }

  fail({ upload }: Step, error: unknown): void {
    this.refusals++
    this.#ledger.fail(upload)
    const expected = NO_SPACE.has(this.#code) ? 'STORE_NO_SPACE' : 'STORE_IO_FAILED'
    if (isStoreError(error) && error.code === expected) return
    this.misnamed.push({ kind: 'invented', model: String(error) })
  }
}

/** What a real full disk did. */
export interface FullDisk {
  readonly stored: number
  readonly refusedUpload: string
  readonly refusedDelete: string
  readonly violations: readonly Violation[]
}

/** Fills a tmpfs of 8 MiB with models, then to its last byte; reads, deletes, and goes on. */
export async function fillDisk(): Promise<FullDisk> {
  return await inFolder(false, async (folder) => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=0700', 'tmpfs', folder])
    try {
      return await fill(folder)
    } finally {
      execFileSync('umount', [folder])
    }
  })
}

async function fill(folder: string): Promise<FullDisk> {
  const files = nodeFiles(folder)
  const ledger = new Ledger()
  const witness = new Refusals(ledger, 'ENOSPC')
  const store = await openOn(files)
  const step = (kind: 'upload' | 'delete', upload: Upload): Promise<void> => work(store, [{ kind, upload }], witness)
  const uploads = Array.from({ length: 4 }, (_, i) => ({ owner: 'alice', content: { seed: 50 + i, bytes: 2.5 * MIB } }))
  for (const upload of uploads) await step('upload', upload)
  const stored = store.models.length
  const refusedUpload = await refusalOf(store, 60)
  const violations = await ledger.copy().check(store)
  // To the last byte, so that not even an index has room.
  const filler = join(folder, 'filler')
  await writeFile(filler, new Uint8Array(8 * MIB)).catch((cause) => {
    if (!('code' in cause) || cause.code !== 'ENOSPC') throw cause
  })
  const [first, second] = uploads
  if (first === undefined || second === undefined) throw new RangeError('there are four uploads')
  const refusals = witness.refusals
  await step('delete', first)
  const refusedDelete = witness.refusals > refusals ? 'STORE_NO_SPACE' : 'nothing'
  violations.push(...(await ledger.copy().check(store)))
  await rm(filler)
  await step('delete', first)
  await step('upload', { owner: 'bob', content: { seed: 70, bytes: 2 * MIB } })
  violations.push(...(await ledger.copy().check(store)))
  await store.close()
  violations.push(...(await reopen(files, ledger)), ...witness.misnamed)
  return { stored, refusedUpload, refusedDelete, violations }
}

async function refusalOf(store: SealedStore, seed: number): Promise<string> {
  let code = 'nothing'
  const witness: Witness = {
    ask: () => undefined,
    acknowledge: () => undefined,
    fail: (_, error) => {
      code = isStoreError(error) ? error.code : 'another error'
    },
  }
  await work(store, [{ kind: 'upload', upload: { owner: 'bob', content: { seed, bytes: 4 * MIB } } }], witness)
  return code
}

async function reopen(files: StoreFiles, ledger: Ledger): Promise<Violation[]> {
  try {
    const store = await openOn(files)
    const violations = await ledger.check(store)
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

async function checkAll(options: { readonly long: boolean }): Promise<readonly Finding[]> {
  const findings = await checkDiskFaults(options)
  if (!canMount()) {
    console.log('skipped: the full disk, because this process may not mount a tmpfs')
    return findings
  }
  const { stored, refusedUpload, refusedDelete, violations } = await fillDisk()
  const tried = `${stored} models, then ${refusedUpload}; full to the last byte, a delete: ${refusedDelete}`
  return [...findings, { title: 'a tmpfs of 8 MiB', violations, tried }]
}

await asCommand(import.meta.url, 'Disks that fail', checkAll)
