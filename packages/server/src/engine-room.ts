import type { IsolationLevel } from '@blindai/core'
import { GatekeeperError } from './gatekeeper-error.ts'
import { buildWall, startEngine } from './runtime/host/index.ts'
import type { StartEngine } from './scheduler/index.ts'

/** A wall, and engines behind it. */
export interface EngineRoom {
  readonly isolation: IsolationLevel
  /** What the wall lacks here, each in a few words. */
  readonly missing: readonly string[]
  readonly start: StartEngine
}

const ISOLATION_ORDER: readonly IsolationLevel[] = ['none', 'reduced', 'full']

/** Finds the strongest wall of this machine; can go on while evidence is prepared. */
export async function openEngineRoom(): Promise<EngineRoom> {
  const wall = await buildWall()
  return {
    isolation: wall.level,
    missing: wall.missing,
    start: (model, limits, signal) => startEngine(model, limits, wall, signal),
  }
}

/** @throws {GatekeeperError} `WALL_TOO_WEAK`. */
export function requireIsolation(required: IsolationLevel, { isolation, missing }: EngineRoom): void {
  if (ISOLATION_ORDER.indexOf(isolation) >= ISOLATION_ORDER.indexOf(required)) return
  throw new GatekeeperError('WALL_TOO_WEAK', { required, available: isolation, missing })
}
