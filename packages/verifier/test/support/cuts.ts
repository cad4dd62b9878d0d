import { isMalformedError } from '@blindai/core'

/** The fields that are named when a structure ends too early, at each of its bytes in turn; each once, in order. */
export function fieldsCut(bytes: Uint8Array, parse: (cut: Uint8Array) => unknown): readonly string[] {
  const fields = new Set<string>()
  for (let length = 0; length < bytes.byteLength; length++) fields.add(fieldCut(() => parse(bytes.slice(0, length))))
  return [...fields]
}

function fieldCut(parse: () => unknown): string {
  try {
    parse()
    return 'accepted'
  } catch (error) {
    if (isMalformedError(error) && error.code === 'TRUNCATED') return String(error.details.field)
    throw error
  }
}
