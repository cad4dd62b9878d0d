import { unixSeconds } from '@blindai/core'
import { isStoreError, type SealedStore } from '@blindai/store'
import { type Content, describeContent, seeded } from './content.ts'
import type { Upload } from './ledger.ts'

/** One request to a store. */
export type Step =
  | { readonly kind: 'upload'; readonly upload: Upload }
  | { readonly kind: 'delete'; readonly upload: Upload }
  | { readonly kind: 'rename'; readonly upload: Upload; readonly name: string }
  /** A tenant comes with one API key, of which the digest of the content is the hash; or goes. */
  | { readonly kind: 'enrol' | 'dismiss'; readonly upload: Upload }

/** Hears of requests and answers, in order. */
export interface Witness {
  ask(step: Step): void
  acknowledge(step: Step): void
  /** The store refused, by name. */
  fail(step: Step, error: unknown): void
}

/** How a store that lies would behave; `honest` is ours. Planted, so that what finds nothing is seen to find something. */
export type Manners =
  | 'honest'
  | 'acknowledges uploads early'
  | 'acknowledges deletes early'
  | 'acknowledges tenants early'
  | 'acknowledges failures'

const PIECE = 300_000

/** Asks a store for steps, one after the other, and tells the witness what it answered. */
export async function work(
  store: SealedStore,
  steps: Iterable<Step>,
  witness: Witness,
  manners: Manners = 'honest',
): Promise<void> {
  for (const step of steps) {
    witness.ask(step)
    if (manners === 'acknowledges deletes early' && step.kind === 'delete') witness.acknowledge(step)
    if (manners === 'acknowledges tenants early' && step.upload.isTenant === true) witness.acknowledge(step)
    try {
      await perform(store, step, () => {
        if (manners === 'acknowledges uploads early') witness.acknowledge(step)
      })
      witness.acknowledge(step)
    } catch (error) {
      if (!isStoreError(error)) throw error
      if (manners === 'acknowledges failures') witness.acknowledge(step)
      else witness.fail(step, error)
    }
  }
}

async function perform(store: SealedStore, step: Step, onSealed: () => void): Promise<void> {
  const { owner, content } = step.upload
  const { sha256, data } = describeContent(content)
  if (step.kind === 'enrol') {
    const createdAt = unixSeconds(1_800_000_000)
    const tenant = { name: owner, role: 'caller', createdAt, keys: [{ sha256, createdAt }], details: {} }
    await store.setTenants([...store.tenants.filter(({ name }) => name !== owner), tenant])
    return
  }
  if (step.kind === 'dismiss') {
    await store.removeTenant(owner)
    return
  }
  const model = { owner, sha256 }
  if (step.kind === 'delete') {
    await store.remove(model)
    return
  }
  if (step.kind === 'rename') {
    await store.change(model, { name: step.name })
    return
  }
  const blob = await store.stage(model)
  try {
    for (let at = 0; at < data.byteLength; at += PIECE) await blob.append(data.subarray(at, at + PIECE))
    await blob.finish()
    onSealed()
    const { name } = step.upload
    const named = name === undefined ? {} : { name }
    await store.publish(blob, { ...named, createdAt: unixSeconds(1_800_000_000), grants: [], details: {} })
  } catch (error) {
    await store.discard(blob)
    throw error
  }
}

const MIB = 1024 * 1024

function upload(owner: string, seed: number, bytes: number, name?: string): Upload {
  const content: Content = { seed, bytes }
  return { owner, content, ...(name === undefined ? {} : { name }) }
}

/** Small, and everything once: chunks, an empty model, equal bytes of two owners, names, deletes, the same model again. */
export function shortStory(): readonly Step[] {
  const large = upload('alice', 1, 2 * MIB + 17, 'large')
  const small = upload('bob', 2, 5000)
  const same = upload('bob', 1, 2 * MIB + 17)
  const empty = upload('carol', 3, 0)
  const named = upload('alice', 4, 100, 'large')
  return [
    { kind: 'upload', upload: large },
    { kind: 'upload', upload: small },
    { kind: 'upload', upload: same },
    { kind: 'upload', upload: empty },
    { kind: 'upload', upload: named },
    { kind: 'delete', upload: large },
    { kind: 'rename', upload: small, name: 'renamed' },
    { kind: 'upload', upload: large },
    { kind: 'upload', upload: small },
    { kind: 'delete', upload: same },
    { kind: 'delete', upload: empty },
  ]
}

/** One upload and one delete beside a model that is there: what every failpoint is tried on. */
export function uploadAndDelete(): readonly Step[] {
  const kept = upload('alice', 5, MIB + 5)
  const comes = upload('bob', 6, 2 * MIB + 1, 'comes')
  return [
    { kind: 'upload', upload: kept },
    { kind: 'upload', upload: comes },
    { kind: 'delete', upload: comes },
    { kind: 'upload', upload: comes },
  ]
}

function tenant(name: string, seed: number): Upload {
  return { owner: name, content: { seed, bytes: 32 }, isTenant: true }
}

/** Tenants that come, go and come again with the same key. */
export function comingAndGoing(): readonly Step[] {
  const [stays, goes] = [tenant('guest-1', 201), tenant('guest-2', 202)]
  return [
    { kind: 'enrol', upload: stays },
    { kind: 'enrol', upload: goes },
    { kind: 'dismiss', upload: goes },
    { kind: 'enrol', upload: goes },
  ]
}

/** Without an end. Few models and tenants, so that each comes and goes often. */
export function* endlessStory(seed: number): Generator<Step> {
  const random = seeded(seed)
  const among = (count: number): number => Math.floor(random() * count)
  const sizes = [0, 1, 900, 70_000, MIB, MIB + 1, 2 * MIB + 333]
  for (;;) {
    if (random() < 0.2) {
      const guest = among(3)
      yield { kind: random() < 0.6 ? 'enrol' : 'dismiss', upload: tenant(`guest-${guest}`, 200 + guest) }
      continue
    }
    const which = among(6)
    const target = upload(`tenant-${which % 3}`, 100 + which, sizes[which] ?? 0)
    yield random() < 0.6 ? { kind: 'upload', upload: target } : { kind: 'delete', upload: target }
  }
}
