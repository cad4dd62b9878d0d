export { endorsed } from './endorsed.ts'
export {
  type AnyEndorsementError,
  ENDORSEMENT_CATALOGUE,
  EndorsementError,
  type EndorsementErrorDetails,
  isEndorsementError,
} from './endorsement-error.ts'
export type { EndorsementEvent } from './event.ts'
export { type EndorsementFetcher, type FetcherDependencies, openEndorsementFetcher } from './fetcher.ts'
export type { RetryRules } from './http/retry.ts'
export {
  AMD_PUBLIC_SERVICE,
  type AmdService,
  type EndorsementSettings,
  INTEL_PUBLIC_SERVICE,
  type IntelService,
  parseEndorsementSettings,
} from './settings.ts'
