export { MemoryVault } from './memory-vault.ts'
export { MODEL_CATALOGUE, ModelError, type ModelErrorDetails, type PaddingReason } from './model-error.ts'
export { EVERYBODY } from './model-index.ts'
export { ModelLibrary, type PaddingTrial } from './model-library.ts'
export {
  type LengthAxes,
  type ModelManifest,
  type ModelRecord,
  type ModelRepository,
  modelKey,
  nameFor,
  versionOf,
} from './repository.ts'
export { SealedVault } from './sealed-vault.ts'
export type { Vault } from './vault.ts'
export { VaultRepository } from './vault-repository.ts'
