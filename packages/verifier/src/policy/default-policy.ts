import { parsePolicy } from './parse-policy.ts'
import type { Policy } from './policy.ts'

/**
 * The policy of somebody who wrote none: hardware only, strict in everything, and without reference values, so that even
 * genuine evidence is at best a warning.
 */
export const DEFAULT_POLICY: Policy = /* @__PURE__ */ parsePolicy({ version: 1, name: 'default: hardware only' })
