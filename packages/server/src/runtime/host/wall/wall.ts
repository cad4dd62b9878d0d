import type { ChildProcess } from 'node:child_process'
import type { IsolationLevel } from '@blindai/core'

/** What is to run behind a wall. */
export interface EngineProgram {
  /** Private memory beside what Node itself needs. */
  readonly memoryBudgetBytes: number
  /**
   * Path of a module to run in the engine's place, for tests of the wall. It runs without Node's own restrictions, as native
   * code in an engine would.
   */
  readonly program?: string
  /** Path of a native program to run in Node's place, likewise for tests. It may need no libraries. */
  readonly native?: string
}

/** A way to start engines, and how far it keeps them from everything else. */
export interface Wall {
  readonly level: IsolationLevel
  /** What the wall lacks on this machine, each in a few words. */
  readonly missing: readonly string[]
  /**
   * Starts a process: descriptor 3 is its channel, a socket; descriptor 2 is to be drained and thrown away. Killing the
   * child with SIGKILL kills everything behind the wall.
   */
  spawn(program: EngineProgram): ChildProcess
}

/** The parts of the wall, as `missing` names them. */
export const WALL_PARTS = [
  'own user',
  'process namespace',
  'network namespace',
  'ipc namespace',
  'host name namespace',
  'private file system',
  'no new privileges',
  'system-call filter',
  'memory and file limits',
  'death with the server',
] as const

/** One of `WALL_PARTS`. */
export type WallPart = (typeof WALL_PARTS)[number]
