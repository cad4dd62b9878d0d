import type { Engine, EngineLimits, EngineModel } from '../runtime/host/index.ts'
import { EngineSlot, type SlotPhase, type StopReason } from './engine-slot.ts'
import { RowProofs } from './row-proofs.ts'
import { type EngineMemoryLimits, engineBudgetBytes, type ScheduledModel, slotMemoryBytes } from './scheduled-model.ts'

/** Starts a walled engine; the scheduler gets it from outside and knows no wall. */
export type StartEngine = (model: EngineModel, limits: EngineLimits, signal: AbortSignal) => Promise<Engine>

/** The bounds of all engines together. */
export interface FleetLimits extends EngineMemoryLimits {
  /** Engines of one model for one tenant. */
  readonly enginesPerPool: number
  readonly maxEngines: number
  readonly enginesMemoryBytes: number
  readonly loadDeadlineMs: number
  readonly maxResponseBytes: number
  /** Elements of all inputs of a batch; 0 for no batches. */
  readonly maxBatchElements: number
}

/** What the fleet tells the scheduler, and asks of it. */
export interface FleetEvents {
  /** An engine that had started is dead. */
  readonly onStopped: (slot: EngineSlot) => void
  /** Whether jobs wait for engines of exactly this pool. */
  readonly isWanted: (modelKey: string, tenant: string | undefined) => boolean
}

/**
 * All engine slots: who has one, and what they take together.
 *
 * An engine that has seen one tenant's input serves no other tenant; it is stopped to make room instead.
 */
export class EngineFleet {
  readonly #limits: FleetLimits
  readonly #startEngine: StartEngine
  readonly #events: FleetEvents
  readonly #nowMs: () => number
  readonly #slots: Map<string, EngineSlot[]> = new Map()
  /** What engines found out of the rows of their models. */
  readonly proofs: RowProofs = new RowProofs()
  #memoryBytes = 0
  #engines = 0

  constructor(limits: FleetLimits, startEngine: StartEngine, nowMs: () => number, events: FleetEvents) {
    this.#limits = limits
    this.#startEngine = startEngine
    this.#nowMs = nowMs
    this.#events = events
  }

  /** Engine processes that exist, those on their way in and out included. */
  get engines(): number {
    return this.#engines
  }

  get memoryBytes(): number {
    return this.#memoryBytes
  }

  /** How many engines are in each phase. */
  census(): Readonly<Record<SlotPhase['name'], number>> {
    const census = { starting: 0, idle: 0, busy: 0, stopping: 0 }
    for (const slots of this.#slots.values()) for (const { phase } of slots) census[phase.name]++
    return census
  }

  memoryFor(model: ScheduledModel): number {
    return slotMemoryBytes(this.#budget(model))
  }

  /** An engine that is free for this tenant: the one that served it last, else one that has served nobody. */
  idle(modelKey: string, tenant: string | undefined, isWide = false): EngineSlot | undefined {
    let best: EngineSlot | undefined
    for (const slot of this.#slots.get(modelKey) ?? []) {
      if (slot.phase.name !== 'idle' || slot.isWide !== isWide || !slot.isUsableBy(tenant)) continue
      if (best === undefined || slot.tenant === tenant) best = slot
    }
    return best
  }

  /** How many engines are free for this tenant. */
  idleCount(modelKey: string, tenant: string | undefined): number {
    const slots = this.#slots.get(modelKey) ?? []
    return slots.filter((slot) => slot.phase.name === 'idle' && slot.isUsableBy(tenant)).length
  }

  /** True when one more engine of this pool may be started, if need be in the place of idle ones. */
  canStart(model: ScheduledModel, tenant: string | undefined, waiting: number): boolean {
    let pool = 0
    let starting = 0
    for (const slot of this.#slots.get(model.key) ?? []) {
      if (slot.tenant !== tenant || slot.isWide || slot.phase.name === 'stopping') continue
      pool++
      if (slot.phase.name === 'starting') starting++
    }
    if (pool >= this.#limits.enginesPerPool || starting >= waiting) return false
    return this.#victims(this.memoryFor(model)) !== undefined
  }

  /** True when a pool that has no wide engine may have one, with nobody else's engine stopped for it. */
  canWiden(model: ScheduledModel, tenant: string | undefined): boolean {
    const slots = this.#slots.get(model.key) ?? []
    if (slots.some((slot) => slot.isWide && slot.isUsableBy(tenant))) return false
    return this.#victims(this.memoryFor(model))?.length === 0
  }

  /** True when the model has an engine of one thread that serves, or will serve, exactly this pool. */
  hasPool(modelKey: string, tenant: string | undefined): boolean {
    const slots = this.#slots.get(modelKey) ?? []
    return slots.some((slot) => slot.tenant === tenant && !slot.isWide && slot.phase.name !== 'stopping')
  }

  /**
   * Starts an engine; the slot is idle when the promise resolves.
   *
   * @throws what `StartEngine` throws; the slot is gone then.
   */
  async start(model: ScheduledModel, tenant: string | undefined, threads = 1): Promise<EngineSlot> {
    const budget = this.#budget(model)
    const slot = new EngineSlot(model, slotMemoryBytes(budget), tenant, threads)
    const victims = this.#victims(slot.memoryBytes) ?? []
    const deaths = victims.map((victim) => this.stop(victim, 'evicted'))
    this.#add(slot)
    try {
      await Promise.all(deaths)
      slot.abandon.signal.throwIfAborted()
      const { loadDeadlineMs, maxResponseBytes: maxOutputBytes } = this.#limits
      const proveRows = this.#limits.maxBatchElements > 0 && threads === 1 && this.proofs.of(model.key) === undefined
      const limits = { memoryBudgetBytes: budget, threads, loadDeadlineMs, maxOutputBytes, proveRows }
      const engine = await this.#startEngine(model.source, limits, slot.abandon.signal)
      this.proofs.note(model.key, engine.description.rows)
      if (slot.abandon.signal.aborted) await engine.kill()
      slot.abandon.signal.throwIfAborted()
      slot.step({ name: 'started', engine, nowMs: this.#nowMs() })
      const exit = (): Promise<void> => this.stop(slot, 'exited')
      engine.exited.then(exit, exit)
      return slot
    } catch (error) {
      slot.stopReason ??= 'failed'
      this.#remove(slot)
      throw error
    }
  }

  /** Kills the slot's engine; resolves when it is dead and its memory is free. */
  stop(slot: EngineSlot, reason: StopReason): Promise<void> {
    const { phase } = slot
    if (phase.name === 'stopping') return slot.gone
    slot.step({ name: 'stopped' })
    slot.stopReason = reason
    if (phase.name === 'starting') {
      slot.abandon.abort()
    } else {
      const remove = (): void => {
        this.#remove(slot)
        this.#events.onStopped(slot)
      }
      phase.engine.kill().then(remove, remove)
    }
    return slot.gone
  }

  /** Kills every engine of a model. */
  async release(modelKey: string): Promise<void> {
    await Promise.all([...(this.#slots.get(modelKey) ?? [])].map((slot) => this.stop(slot, 'released')))
  }

  /** Kills every engine that has served a tenant alone. */
  async releaseTenant(tenant: string): Promise<void> {
    const slots = [...this.#slots.values()].flat().filter((slot) => slot.tenant === tenant)
    await Promise.all(slots.map((slot) => this.stop(slot, 'released')))
  }

  async releaseAll(): Promise<void> {
    await Promise.all([...this.#slots.keys()].map((modelKey) => this.release(modelKey)))
  }

  /** Stops what has been idle for that long. */
  stopIdle(idleMs: number): void {
    const now = this.#nowMs()
    for (const slot of this.#idleSlots()) if (now - slot.sinceMs >= idleMs) void this.stop(slot.slot, 'idle')
  }

  #budget(model: ScheduledModel): number {
    return engineBudgetBytes(model.source.sizeBytes, this.#limits)
  }

  /** The idle slots to stop so that one more fits: wide ones, then longest idle first; undefined when it cannot fit now. */
  #victims(memoryBytes: number): EngineSlot[] | undefined {
    let memory = this.#memoryBytes + memoryBytes
    let engines = this.#engines + 1
    const fits = (): boolean => memory <= this.#limits.enginesMemoryBytes && engines <= this.#limits.maxEngines
    const victims: EngineSlot[] = []
    if (fits()) return victims
    for (const { slot } of this.#idleSlots().sort(byNeed)) {
      // Or pools that wait would stop each other's engines before any of them has run.
      if (!slot.hasServed && this.#events.isWanted(slot.model.key, slot.tenant)) continue
      victims.push(slot)
      memory -= slot.memoryBytes
      engines--
      if (fits()) return victims
    }
    return undefined
  }

  #idleSlots(): IdleSlot[] {
    const idle: IdleSlot[] = []
    for (const slots of this.#slots.values()) {
      for (const slot of slots) if (slot.phase.name === 'idle') idle.push({ slot, sinceMs: slot.phase.sinceMs })
    }
    return idle
  }

  #add(slot: EngineSlot): void {
    const slots = this.#slots.get(slot.model.key)
    if (slots === undefined) this.#slots.set(slot.model.key, [slot])
    else slots.push(slot)
    this.#memoryBytes += slot.memoryBytes
    this.#engines++
  }

  #remove(slot: EngineSlot): void {
    const slots = this.#slots.get(slot.model.key) ?? []
    const left = slots.filter((other) => other !== slot)
    if (left.length === slots.length) return
    if (left.length === 0) this.#slots.delete(slot.model.key)
    else this.#slots.set(slot.model.key, left)
    this.#memoryBytes -= slot.memoryBytes
    this.#engines--
    slot.markGone()
  }
}

interface IdleSlot {
  readonly slot: EngineSlot
  readonly sinceMs: number
}

/** What is least needed comes first. */
function byNeed(a: IdleSlot, b: IdleSlot): number {
  return Number(b.slot.isWide) - Number(a.slot.isWide) || a.sinceMs - b.sinceMs
}
