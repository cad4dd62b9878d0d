import type { Coverage, Feature } from './coverage.ts'
import type { FuzzTarget } from './target.ts'

/**
 * The inputs of a pool that together reach everything the pool reaches beyond the seeds, the shortest first. What a seed
 * reaches needs no keeping: seeds are files of the repository already.
 */
export async function minimise(
  target: FuzzTarget,
  coverage: Coverage,
  seeds: readonly Uint8Array[],
  pool: readonly Uint8Array[],
): Promise<readonly Uint8Array[]> {
  const reached = new Set<Feature>()
  for (const seed of seeds) for (const feature of await featuresOf(target, coverage, seed)) reached.add(feature)
  const kept: Uint8Array[] = []
  const found = pool.filter((input) => !seeds.includes(input))
  for (const input of [...found].sort((a, b) => a.byteLength - b.byteLength)) {
    const features = await featuresOf(target, coverage, input)
    if (features.every((feature) => reached.has(feature))) continue
    for (const feature of features) reached.add(feature)
    kept.push(input)
  }
  return kept
}

/** Only what reaches is of interest here; findings were reported when the input was new. */
async function featuresOf(target: FuzzTarget, coverage: Coverage, input: Uint8Array): Promise<readonly Feature[]> {
  coverage.takeNews()
  await Promise.resolve()
    .then(() => target.parse(input.slice()))
    .catch((error: unknown) => error)
  return coverage.takeAll()
}
