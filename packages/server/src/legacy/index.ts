export { LEGACY_CATALOGUE, LegacyError, type LegacyErrorDetails } from './legacy-error.ts'
export { type LegacyUrls, openLegacy } from './open-legacy.ts'
