import { type ChildProcess, spawn } from 'node:child_process'
import { ENGINE_CONDITIONS, ENGINE_MAIN } from './engine-code.ts'
import { NO_DEBUGGER } from './launch.ts'
import { type EngineProgram, WALL_PARTS, type Wall } from './wall.ts'

/** No wall at all: plain child processes with an empty environment. For tests, and for machines that have nothing better. */
export function unwalled(): Wall {
  return {
    level: 'none',
    missing: WALL_PARTS,
    spawn: ({ program, native }: EngineProgram): ChildProcess =>
      spawn(
        native ?? process.execPath,
        native === undefined ? [NO_DEBUGGER, ...ENGINE_CONDITIONS, program ?? ENGINE_MAIN] : [],
        {
          cwd: '/',
          env: {},
          stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
        },
      ),
  }
}
