import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  CHUNK_BYTES,
  fileKeySource,
  isStoreError,
  nodeFiles,
  type RollbackCounter,
  SealedStore,
  sealedBytes,
} from '@blindai/store'
import { describeContent, seeded } from './lib/content.ts'
import { inFolder } from './lib/folder.ts'
import { Ledger, type Upload, type Violation } from './lib/ledger.ts'
import { asCommand, type Finding } from './lib/report.ts'
import { CHANGES, flipped, HEADER_BYTES, joined, startOf } from './lib/sealed-bytes.ts'
import { type Step, type Witness, work } from './lib/workload.ts'

/**
 * Tampering: whoever has the disk changes sealed blobs and the index in every way that the format could miss, and puts
 * back older copies. Each change is refused by its own code, and the neighbours are served as before.
 *
 *   node --conditions=source reliability/tampering.ts [--long]
 *
 * The long form flips every bit of headers and index, the short one a bit of every byte.
 */

const VICTIM: Upload = { owner: 'alice', content: { seed: 1, bytes: 3 * CHUNK_BYTES + 700 } }
const NEIGHBOUR: Upload = { owner: 'bob', content: { seed: 2, bytes: 3 * CHUNK_BYTES + 700 } }

export async function checkTampering({ long }: { readonly long: boolean }): Promise<readonly Finding[]> {
  return await inFolder(long, async (folder) => {
    const ledger = new Ledger()
    await inStore(folder, undefined, (store) => work(store, uploads(VICTIM, NEIGHBOUR), witnessOf(ledger)))
    const blobs = await blobsOf(folder)
    return [
      await plantedFlip(folder, ledger, blobs),
      await changedBlobs(folder, ledger, blobs),
      await flippedHeaders(folder, blobs, long),
      await flippedChunks(folder, blobs, long ? 400 : 40),
      await changedIndex(folder, long),
      ...(await rollbacks(long)),
    ]
  })
}

interface Blobs {
  readonly victim: { readonly path: string; readonly bytes: Uint8Array }
  readonly neighbour: { readonly bytes: Uint8Array }
}

/** The harness finds what it looks for: a store that does not look at tags would serve this. */
async function plantedFlip(folder: string, ledger: Ledger, { victim }: Blobs): Promise<Finding> {
  await writeFile(victim.path, flipped(victim.bytes, startOf(1) + 5, 0))
  const violations = await inStore(folder, undefined, (store) => ledger.copy().check(store))
  await restore(folder, victim)
  return { title: 'a flipped bit, seen by the ledger', violations, tried: '1 change', expected: ['lost'] }
}

async function changedBlobs(folder: string, ledger: Ledger, { victim, neighbour }: Blobs): Promise<Finding> {
  const violations: Violation[] = []
  for (const { title, codes, change } of CHANGES) {
    await writeFile(victim.path, change(victim.bytes, neighbour.bytes))
    await inStore(folder, undefined, async (store) => {
      const code = await refusalOf(store, VICTIM)
      if (!codes.includes(code)) violations.push({ kind: 'corrupt', model: `${title}: ${code}` })
      const others = (await ledger.copy().check(store)).filter(({ model }) => model.startsWith(NEIGHBOUR.owner))
      violations.push(...others)
    })
    await restore(folder, victim)
  }
  return { title: 'blobs', violations, tried: `${CHANGES.length} changes` }
}

async function flippedHeaders(folder: string, { victim }: Blobs, long: boolean): Promise<Finding> {
  const violations: Violation[] = []
  let tried = 0
  for (let at = 0; at < HEADER_BYTES; at++) {
    for (const bit of long ? [0, 1, 2, 3, 4, 5, 6, 7] : [at % 8]) {
      await writeFile(victim.path, flipped(victim.bytes, at, bit))
      const code = await inStore(folder, undefined, async (store) => store.damageOf(modelOf(VICTIM)) ?? 'none')
      if (!['BLOB_HEADER_REFUSED', 'BLOB_NOT_AUTHENTIC'].includes(code)) {
        violations.push({ kind: 'corrupt', model: `header byte ${at}: ${code}` })
      }
      await restore(folder, victim)
      tried++
    }
  }
  return { title: 'headers, at the start', violations, tried: `${tried} flipped bits` }
}

async function flippedChunks(folder: string, { victim }: Blobs, count: number): Promise<Finding> {
  const violations: Violation[] = []
  const random = seeded(3)
  for (let i = 0; i < count; i++) {
    const at = HEADER_BYTES + Math.floor(random() * (victim.bytes.byteLength - HEADER_BYTES))
    await writeFile(victim.path, flipped(victim.bytes, at, i % 8))
    const code = await inStore(folder, undefined, (store) => refusalOf(store, VICTIM))
    if (code !== 'BLOB_NOT_AUTHENTIC') violations.push({ kind: 'corrupt', model: `byte ${at}: ${code}` })
    await restore(folder, victim)
  }
  return { title: 'chunks', violations, tried: `${count} flipped bits` }
}

/** An index that was changed, cut or extended never opens, and never opens as an empty one. */
async function changedIndex(folder: string, long: boolean): Promise<Finding> {
  const path = join(folder, 'index')
  const index = await readFile(path)
  const violations: Violation[] = []
  const changes: Uint8Array[] = [joined(index, new Uint8Array(1)), new Uint8Array(index.byteLength)]
  for (let at = 0; at < index.byteLength; at++) {
    changes.push(index.subarray(0, at))
    for (const bit of long ? [0, 1, 2, 3, 4, 5, 6, 7] : [at % 8]) changes.push(flipped(index, at, bit))
  }
  const codes = ['INDEX_MALFORMED', 'INDEX_NOT_AUTHENTIC', 'KEY_NOT_RELEASED', 'KEY_SOURCE_MISMATCH']
  for (const change of changes) {
    await writeFile(path, change)
    const code = await openingOf(folder)
    if (!codes.includes(code)) violations.push({ kind: 'corrupt', model: `index: ${code}` })
  }
  await rm(path)
  const code = await openingOf(folder)
  if (code !== 'INDEX_MISSING') violations.push({ kind: 'corrupt', model: `no index: ${code}` })
  await writeFile(path, index, { mode: 0o600 })
  return { title: 'the index', violations, tried: `${changes.length + 1} changes` }
}

/** Snapshot, delete, restore: opens without a counter, which is what is documented, and is refused with one. */
async function rollbacks(long: boolean): Promise<readonly Finding[]> {
  const without = await rollback(long, undefined)
  const counter = memoryCounter()
  const withCounter = await rollback(long, counter)
  const returned: Violation[] = without === 'returned' ? [{ kind: 'returned', model: 'alice' }] : []
  const refused: Violation[] = withCounter === 'STORE_ROLLED_BACK' ? [] : [{ kind: 'returned', model: withCounter }]
  return [
    { title: 'an older copy, without a counter', violations: returned, tried: '1 rollback', expected: ['returned'] },
    { title: 'an older copy, with a counter', violations: refused, tried: '1 rollback' },
  ]
}

async function rollback(long: boolean, counter: RollbackCounter | undefined): Promise<string> {
  return await inFolder(long, async (base) => {
    const [folder, copy] = [join(base, 'store'), join(base, 'copy')]
    await nodeFiles(base).mkdir('store')
    await inStore(folder, counter, (store) => work(store, uploads(VICTIM), witnessOf(new Ledger())))
    await cp(folder, copy, { recursive: true })
    await inStore(folder, counter, async (store) => void (await store.remove(modelOf(VICTIM))))
    await rm(folder, { recursive: true })
    await cp(copy, folder, { recursive: true })
    try {
      return await inStore(folder, counter, async (store) => (store.models.length === 1 ? 'returned' : 'gone'))
    } catch (error) {
      if (!isStoreError(error)) throw error
      return error.code
    }
  })
}

/** Stands outside of the disk, as a TPM's counter would. */
function memoryCounter(): RollbackCounter {
  let value = 0
  return {
    read: async () => value,
    advance: async (generation) => {
      value = Math.max(value, generation)
    },
  }
}

async function inStore<T>(
  folder: string,
  counter: RollbackCounter | undefined,
  use: (store: SealedStore) => Promise<T>,
): Promise<T> {
  const files = nodeFiles(folder)
  const store = await SealedStore.open({
    files,
    keySource: fileKeySource(files, 'key'),
    onEvent: () => undefined,
    ...(counter === undefined ? {} : { counter }),
  })
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

async function openingOf(folder: string): Promise<string> {
  try {
    return await inStore(folder, undefined, async (store) => `opened with ${store.models.length} models`)
  } catch (error) {
    if (!isStoreError(error)) throw error
    return error.code
  }
}

/** What a store says when a model is read. */
async function refusalOf(store: SealedStore, upload: Upload): Promise<string> {
  const known = store.damageOf(modelOf(upload))
  if (known !== undefined) return known
  try {
    for await (const chunk of store.read(modelOf(upload))) if (chunk.byteLength === 0) break
    return 'served'
  } catch (error) {
    if (!isStoreError(error)) throw error
    return error.code
  }
}

async function blobsOf(folder: string): Promise<Blobs> {
  const found: { readonly path: string; readonly bytes: Uint8Array; readonly made: number }[] = []
  for (const name of await readdir(join(folder, 'blobs'))) {
    const path = join(folder, 'blobs', name)
    found.push({ path, bytes: await readFile(path), made: (await stat(path)).mtimeMs })
  }
  const [victim, neighbour] = found.sort((a, b) => a.made - b.made)
  if (victim === undefined || neighbour === undefined) throw new RangeError('two models make two blobs')
  if (victim.bytes.byteLength !== sealedBytes(VICTIM.content.bytes)) throw new RangeError('a blob of another length')
  return { victim, neighbour }
}

/** Puts the blob back; what the store moved aside meanwhile goes. */
async function restore(folder: string, { path, bytes }: Blobs['victim']): Promise<void> {
  await rm(join(folder, 'quarantine'), { recursive: true })
  await writeFile(path, bytes, { mode: 0o600 })
}

function* uploads(...all: readonly Upload[]): Generator<Step> {
  for (const upload of all) yield { kind: 'upload', upload }
}

function witnessOf(ledger: Ledger): Witness {
  return {
    ask: ({ upload }) => ledger.ask(upload),
    acknowledge: ({ upload }) => ledger.acknowledge(upload, 'present'),
    fail: (_, error) => {
      throw error
    },
  }
}

function modelOf({ owner, content }: Upload): { readonly owner: string; readonly sha256: string } {
  return { owner, sha256: describeContent(content).sha256 }
}

await asCommand(import.meta.url, 'Tampering', checkTampering)
