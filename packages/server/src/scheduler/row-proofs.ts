import type { RowsProof } from '../runtime/host/index.ts'

/** Models whose proofs are remembered; of more, those whose proofs were made or taken back last. */
const MAX_MODELS = 4096
/** Shapes of one model; those beyond are compared again. */
const MAX_SHAPES = 1024

/** Which models' rows are known to be apart. An engine finds it out at its start, once for all engines of a model. */
export class RowProofs {
  readonly #proofs: Map<string, RowsProof> = new Map()
  readonly #kept: Set<string> = new Set()

  /** By model and shape, up to how many rows were computed both ways and found equal. */
  readonly #compared: Map<string, Map<string, number>> = new Map()

  of(modelKey: string): RowsProof | undefined {
    return this.#proofs.get(modelKey)
  }

  /** Keeps the first proof of a model: what was taken back does not return with the next engine. */
  note(modelKey: string, proof: RowsProof | undefined): void {
    if (proof === undefined || this.#proofs.has(modelKey)) return
    this.#put(modelKey, proof)
  }

  /** Takes a proof back that a run has shown to be wrong. */
  withdraw(modelKey: string, reason: string): void {
    this.#put(modelKey, { reason })
  }

  /** From now on no two tenants of this model are computed together: an engine died of such a batch, by whose fault nobody knows. */
  keepTenantsApart(modelKey: string): void {
    this.#kept.add(modelKey)
  }

  areTenantsKeptApart(modelKey: string): boolean {
    return this.#kept.has(modelKey)
  }

  /** True when so many rows of a shape were seen to be the same together as alone. */
  isCompared(modelKey: string, shape: string, rows: number): boolean {
    return (this.#compared.get(modelKey)?.get(shape) ?? 0) >= rows
  }

  noteCompared(modelKey: string, shape: string, rows: number): void {
    const shapes = this.#compared.get(modelKey) ?? new Map<string, number>()
    this.#compared.set(modelKey, shapes)
    shapes.delete(shape)
    shapes.set(shape, rows)
    const [oldest] = shapes.keys()
    if (shapes.size > MAX_SHAPES && oldest !== undefined) shapes.delete(oldest)
  }

  forget(modelKey: string): void {
    this.#compared.delete(modelKey)
    this.#proofs.delete(modelKey)
    this.#kept.delete(modelKey)
  }

  #put(modelKey: string, proof: RowsProof): void {
    this.#proofs.delete(modelKey)
    this.#proofs.set(modelKey, proof)
    const [oldest] = this.#proofs.keys()
    if (this.#proofs.size > MAX_MODELS && oldest !== undefined) this.forget(oldest)
  }
}
