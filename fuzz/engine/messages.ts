import type { Reached } from './coverage.ts'
import type { Finding } from './oracle.ts'

/** What the fuzzing thread starts from. */
export interface ToWorker {
  /** The target's file. */
  readonly target: string
  readonly name: string
  readonly seconds: number
  readonly seed: number
  readonly shared: SharedArrayBuffer
  /** Ends at the first finding. */
  readonly stop: boolean
  /** Inputs that hung an earlier thread of the same run. */
  readonly skip: readonly Uint8Array[]
}

/** What it says. */
export type FromWorker =
  | { readonly kind: 'finding'; readonly finding: Finding; readonly input: Uint8Array }
  | {
      readonly kind: 'done'
      readonly executions: number
      /** Executions that were seeds and corpus. */
      readonly replayed: number
      readonly accepted: number
      readonly coverage: Reached
      /** The inputs to keep beside the seeds. */
      readonly kept: readonly Uint8Array[]
    }
