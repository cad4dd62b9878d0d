export { LEGACY_CATALOGUE, LegacyError, type LegacyErrorDetails } from './legacy-error.ts'
export { LEGACY_ROUTES, type LegacyAnswered } from './legacy-ports.ts'
export { type LegacyDoor, type LegacyUrls, openLegacy } from './open-legacy.ts'
