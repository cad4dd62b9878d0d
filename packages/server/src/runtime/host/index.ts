export type {
  Engine,
  EngineDescription,
  EngineExit,
  EngineLimits,
  EngineModel,
  RowsProof,
} from './engine.ts'
export {
  type AnyEngineError,
  ENGINE_CATALOGUE,
  EngineError,
  type EngineErrorDetails,
  isEngineError,
} from './engine-error.ts'
export { type Stack, stackOf } from './stack.ts'
export { startEngine } from './start-engine.ts'
export { buildWall } from './wall/build-wall.ts'
export { unwalled } from './wall/unwalled.ts'
export type { Wall } from './wall/wall.ts'
