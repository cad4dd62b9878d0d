import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unixSeconds } from '@blindai/core'
import {
  type BlobBinding,
  fileKeySource,
  nodeFiles,
  type Publication,
  SealedStore,
  type StoredModel,
  type StoreEvent,
  type StoreOptions,
} from '@blindai/store'
import { expect, onTestFinished } from 'vitest'

/** A folder that is gone after the test. */
export async function testFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'blindai-store-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Opens the store of a folder, sealed by a key file in it. */
export async function openAt(
  folder: string,
  options: Partial<StoreOptions> = {},
): Promise<{ readonly store: SealedStore; readonly events: readonly StoreEvent[] }> {
  const events: StoreEvent[] = []
  const files = nodeFiles(folder)
  const store = await SealedStore.open({
    files,
    keySource: fileKeySource(files, 'key'),
    onEvent: (event) => events.push(event),
    ...options,
  })
  onTestFinished(() => store.close())
  return { store, events }
}

export const PUBLICATION: Publication = { createdAt: unixSeconds(1_800_000_000), grants: [], details: { kind: 'onnx' } }

/** Uploads bytes as a server does. */
export async function add(
  store: SealedStore,
  owner: string,
  bytes: Uint8Array,
  publication: Partial<Publication> = {},
): Promise<StoredModel> {
  const blob = await store.stage({ owner, sha256: sha256(bytes) })
  for (let at = 0; at < bytes.byteLength; at += 300_000) await blob.append(bytes.subarray(at, at + 300_000))
  await blob.finish()
  return await store.publish(blob, { ...PUBLICATION, ...publication })
}

export async function bytesOf(store: SealedStore, model: BlobBinding): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of store.read(model)) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Bytes that do not repeat. */
export function bytesLike(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8) * seed + seed) & 0xff
  return bytes
}

export function refusal(code: string, details: object = {}): object {
  return { name: 'StoreError', code, details: expect.objectContaining(details) }
}
