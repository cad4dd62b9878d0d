import type { Engine } from '../runtime/host/index.ts'
import type { ScheduledModel } from './scheduled-model.ts'

/**
 * starting → idle ⇄ busy; each of them → stopping, and a stopping slot is gone when its engine is dead.
 */
export type SlotPhase =
  | { readonly name: 'starting' }
  | { readonly name: 'idle'; readonly engine: Engine; readonly sinceMs: number }
  | { readonly name: 'busy'; readonly engine: Engine }
  | { readonly name: 'stopping' }

/** What happens to a slot. */
export type SlotEvent =
  | { readonly name: 'started'; readonly engine: Engine; readonly nowMs: number }
  | { readonly name: 'taken' }
  | { readonly name: 'returned'; readonly nowMs: number }
  | { readonly name: 'stopped' }

/** The phase after an event. @throws {RangeError} for an event that the phase does not have. */
export function stepSlot(phase: SlotPhase, event: SlotEvent): SlotPhase {
  switch (event.name) {
    case 'started':
      if (phase.name === 'starting') return { name: 'idle', engine: event.engine, sinceMs: event.nowMs }
      break
    case 'taken':
      if (phase.name === 'idle') return { name: 'busy', engine: phase.engine }
      break
    case 'returned':
      if (phase.name === 'busy') return { name: 'idle', engine: phase.engine, sinceMs: event.nowMs }
      break
    case 'stopped':
      if (phase.name !== 'stopping') return { name: 'stopping' }
      break
    default:
      return event satisfies never
  }
  throw new RangeError(`an engine slot that is ${phase.name} cannot be ${event.name}`)
}

/** Why an engine was stopped, or that it stopped by itself. */
export type StopReason = 'idle' | 'evicted' | 'released' | 'cancelled' | 'failed' | 'exited'

/** Room for one engine: the memory it may take, and whom it serves. */
export class EngineSlot {
  readonly model: ScheduledModel
  readonly memoryBytes: number
  readonly threads: number
  /** Aborted when the slot must go while its engine starts. */
  readonly abandon: AbortController = new AbortController()
  /** Whose inputs the engine may have seen, or undefined for nobody's yet, or for anybody's where it is shared. */
  tenant: string | undefined
  /** True once it has run for whoever shares engines: it is nobody's own after that. */
  isShared = false
  phase: SlotPhase = { name: 'starting' }
  stopReason: StopReason | undefined
  hasServed = false
  /** Resolves when the engine is dead and the slot counts no more. */
  readonly gone: Promise<void>
  readonly markGone: () => void

  constructor(model: ScheduledModel, memoryBytes: number, tenant: string | undefined, threads: number) {
    this.model = model
    this.memoryBytes = memoryBytes
    this.threads = threads
    this.tenant = tenant
    const { promise, resolve } = Promise.withResolvers<void>()
    this.gone = promise
    this.markGone = resolve
  }

  step(event: SlotEvent): void {
    this.phase = stepSlot(this.phase, event)
    if (event.name === 'taken') this.hasServed = true
  }

  /** After work; nothing to do when the slot was stopped meanwhile. */
  giveBack(nowMs: number): void {
    if (this.phase.name === 'busy') this.step({ name: 'returned', nowMs })
  }

  /** Stands beside the engines of one thread, for when its pool is alone. */
  get isWide(): boolean {
    return this.threads > 1
  }

  /** Undefined for those that share engines. */
  isUsableBy(tenant: string | undefined): boolean {
    return this.tenant === tenant || (this.tenant === undefined && !this.isShared)
  }
}
