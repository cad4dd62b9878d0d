export type {
  Engine,
  EngineDescription,
  EngineExit,
  EngineLimits,
  EngineModel,
  RunOptions,
} from './engine.ts'
export {
  type AnyEngineError,
  ENGINE_CATALOGUE,
  EngineError,
  type EngineErrorDetails,
  type EnginePhase,
  isEngineError,
} from './engine-error.ts'
export { startEngine } from './start-engine.ts'
export { buildWall } from './wall/build-wall.ts'
export { unwalled } from './wall/unwalled.ts'
export type { EngineProgram, Wall } from './wall/wall.ts'
