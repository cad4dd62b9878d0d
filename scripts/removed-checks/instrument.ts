import type { Plugin } from 'vite'

/** What instrumented code calls, on `globalThis`. */
export const GLOBAL = 'blindaiRemoval'

const SOURCES = /\/packages\/(verifier|core)\/src\/.*\.ts$/
const CHECK_LIST = /\/verifier\/src\/appraisal\/check-list\.ts$/

/** A place that throws: from `throw` to the end of the statement, and what is thrown. */
interface ThrowPlace {
  readonly start: number
  readonly end: number
  readonly argument: { readonly start: number; readonly end: number }
}

/**
 * Turns each `throw error` of verifier and core, as they are loaded, into a call that throws unless the error's check is taken
 * out. Files on disk stay as they are.
 */
export function instrument(): Plugin {
  return {
    name: 'blindai-removed-checks',
    transform(code, id) {
      const [path = ''] = id.split('?')
      if (!SOURCES.test(path)) return undefined
      const raised = raising(code, throwPlaces(this.parse(code)))
      return { code: CHECK_LIST.test(path) ? `${raised}\n;${GLOBAL}.watch(CheckList.prototype);` : raised, map: null }
    },
  }
}

function raising(code: string, places: readonly ThrowPlace[]): string {
  // From the end, so that what comes before stays where it is. A block, because a name may follow what has no semicolon.
  return [...places]
    .sort((a, b) => b.start - a.start)
    .reduce((text, { start, end, argument }) => {
      const thrown = text.slice(argument.start, argument.end)
      return `${text.slice(0, start)}{${GLOBAL}.raise(${thrown});}${text.slice(end)}`
    }, code)
}

/** All throw statements of a syntax tree. */
function throwPlaces(node: unknown): readonly ThrowPlace[] {
  if (Array.isArray(node)) return node.flatMap(throwPlaces)
  if (typeof node !== 'object' || node === null) return []
  const inner = Object.values(node).flatMap(throwPlaces)
  return isThrow(node) ? [node, ...inner] : inner
}

function isThrow(node: object): node is ThrowPlace {
  return 'type' in node && node.type === 'ThrowStatement'
}
