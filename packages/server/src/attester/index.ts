export { type Attester, type AttesterOptions, createAttester } from './attester.ts'
export {
  type AnyAttesterError,
  ATTESTER_CATALOGUE,
  AttesterError,
  type AttesterErrorDetails,
  isAttesterError,
} from './attester-error.ts'
export { assembleKeyset } from './keyset.ts'
export { configDigest, type ShownConfig } from './statement.ts'
