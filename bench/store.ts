import { createHash, randomFillSync } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unixSeconds } from '@blindai/core'
import { ephemeralKeySource, openStoreFolder, type SealedStore } from '@blindai/store'
import { memoryMiB } from './lib/proc.ts'
import { numberOption, printPlace, printTable } from './lib/report.ts'
import { spread, spreadText } from './lib/statistics.ts'

/**
 * What sealing costs at the level of the store: bytes of one model to the disk, sealed, hashed as an upload is, `fsync`ed
 * and indexed; beside it the same bytes written plain and `fsync`ed once, which is all that this disk gives. The two take
 * turns. Extra memory is the most that was resident, sampled every 10 ms, above what was before the first byte.
 *
 *   node --conditions=source bench/store.ts [--megabytes 1024] [--rounds 5]     BLINDAI_BENCH_DIR: where, else the system's folder
 */

const MIB = 1024 * 1024
const MEGABYTES = numberOption('megabytes', 1024)
const ROUNDS = numberOption('rounds', 5)
/** Pieces as they come from a socket. */
const PIECE = 256 * 1024

interface Sample {
  readonly rate: number
  readonly extraMiB: number
}

printPlace('Sealed store')
const folder = await mkdtemp(join(process.env.BLINDAI_BENCH_DIR ?? tmpdir(), 'blindai-bench-store-'))
const piece = randomFillSync(new Uint8Array(PIECE))
const opened = await openStoreFolder(join(folder, 'store'), {
  keySource: ephemeralKeySource(),
  onEvent: () => undefined,
})
try {
  const samples: Record<'plain' | 'sealed' | 'read', Sample[]> = { plain: [], sealed: [], read: [] }
  await sealed(opened.store, 64)
  for (let round = 0; round < ROUNDS; round++) {
    samples.plain.push(await measured(() => plain(MEGABYTES)))
    samples.sealed.push(await measured(() => sealed(opened.store, MEGABYTES)))
    samples.read.push(await measured(() => readBack(opened.store)))
  }
  const row = (title: string, which: keyof typeof samples): string[] => {
    const rates = samples[which].map(({ rate }) => rate)
    const extra = Math.max(...samples[which].map(({ extraMiB }) => extraMiB))
    return [title, spreadText(spread(rates), 0), extra.toFixed(0)]
  }
  printTable(
    [`${MEGABYTES} MiB, ${ROUNDS} rounds`, 'MB/s, median (range)', 'extra memory MiB, most'],
    [
      row('written plain, one fsync', 'plain'),
      row('sealed, SHA-256, fsync, indexed', 'sealed'),
      row('read back and checked', 'read'),
    ],
  )
} finally {
  await opened.close()
  await rm(folder, { recursive: true })
}

async function measured(work: () => Promise<void>): Promise<Sample> {
  globalThis.gc?.()
  const before = memoryMiB(process.pid).resident
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss() / MIB)
  }, 10)
  const started = performance.now()
  await work()
  const seconds = (performance.now() - started) / 1000
  clearInterval(timer)
  return { rate: (MEGABYTES * MIB) / 1e6 / seconds, extraMiB: most - before }
}

async function plain(megabytes: number): Promise<void> {
  const path = join(folder, 'plain')
  const file = await open(path, 'w')
  for (let at = 0; at < megabytes * MIB; at += PIECE) await file.write(piece, 0, PIECE, at)
  await file.sync()
  await file.close()
  await rm(path)
}

/** An upload as the server makes it; the former one is deleted first, so that the disk holds one at a time. */
async function sealed(store: SealedStore, megabytes: number): Promise<void> {
  for (const model of store.models) await store.remove(model)
  const hash = createHash('sha256')
  const blob = await store.stage({ owner: 'bench', sha256: 'ab'.repeat(32) })
  for (let at = 0; at < megabytes * MIB; at += PIECE) {
    hash.update(piece)
    await blob.append(piece)
    // A socket gives its pieces in turns of the event loop.
    await new Promise((resolve) => setImmediate(resolve))
  }
  hash.digest()
  await blob.finish()
  await store.publish(blob, { createdAt: unixSeconds(0), grants: [], details: {} })
}

async function readBack(store: SealedStore): Promise<void> {
  for (const model of store.models) {
    let bytes = 0
    for await (const chunk of store.read(model)) bytes += chunk.byteLength
    if (bytes !== model.bytes) throw new Error(`${bytes} bytes came back`)
  }
}
