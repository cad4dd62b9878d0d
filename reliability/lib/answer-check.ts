import { statusOf } from '../../packages/server/src/http/status.ts'
import { LEGACY_CATALOGUE } from '../../packages/server/src/legacy/index.ts'
import type { Answer, Outcome } from './raw-http.ts'
import { CANARY } from './request-grammar.ts'

/** What is wrong with an answer. */
export type Fault =
  | 'crashed or closed'
  | 'hung'
  | 'not typed'
  | 'failed inside'
  | 'tells of the machine'
  | 'repeats the request'

/** Paths, places in sources, frames of stacks, modules: nothing that an answer holds. */
const OF_THE_MACHINE =
  /(?:^|[\s"'(=:])\/[\w.-]+\/[\w.-]+|\.(?:ts|js|mjs|cc|cpp|node)\b|\bat \S+ \(|\n\s+at |node:|node_modules|onnxruntime|0x[0-9a-f]{6}/

/** What is wrong with what came back for a request of ours; undefined when nothing is. */
export function faultOf(outcome: Outcome): Fault | undefined {
  if (outcome.kind !== 'answer') return outcome.kind === 'hung' ? 'hung' : 'crashed or closed'
  const { status, headers, body } = outcome
  if (status < 400) return undefined
  const code = headers['x-blindai-error']
  if (code === undefined || statusOf(code) !== status || headers['x-request-id'] === undefined) return 'not typed'
  if (status === 500) return 'failed inside'
  const told = tellsOf(outcome)
  if (told !== undefined) return told
  const text = body.toString('utf8')
  return text !== '' && !isRefusal(text, code) ? 'not typed' : undefined
}

/** The same for clients of BlindAI 0.6: a text in CBOR that begins with a code. */
export function legacyFaultOf(outcome: Outcome): Fault | undefined {
  if (outcome.kind !== 'answer') return outcome.kind === 'hung' ? 'hung' : 'crashed or closed'
  if (outcome.status < 400) return undefined
  const told = tellsOf(outcome)
  if (told !== undefined) return told
  const text = outcome.body.toString('utf8')
  if (text.includes('INTERNAL: ')) return 'failed inside'
  const code = /^([A-Z][A-Z0-9_]+): /.exec(cborText(outcome.body) ?? '')?.[1]
  return code !== undefined && isKnown(code) ? undefined : 'not typed'
}

/** The one text that a body is, its length said as shortly as may be. Source: RFC 8949, 3.1 and 4.1. */
function cborText(body: Buffer): string | undefined {
  const [first = 0] = body
  const headBytes = first >= 0x60 && first < 0x78 ? 1 : first === 0x78 ? 2 : first === 0x79 ? 3 : undefined
  if (headBytes === undefined || body.byteLength < headBytes) return undefined
  const length = headBytes === 1 ? first - 0x60 : body.readUIntBE(1, headBytes - 1)
  return body.byteLength === headBytes + length ? body.subarray(headBytes).toString('utf8') : undefined
}

/** Of 0.6's own codes, or of those that have a status. */
function isKnown(code: string): boolean {
  return code in LEGACY_CATALOGUE || statusOf(code) !== undefined
}

/** What is nowhere in a refusal, head and body. */
function tellsOf({ headers, body }: Answer): Fault | undefined {
  const all = `${JSON.stringify(headers)}\n${body.toString('utf8')}`
  if (all.includes(CANARY)) return 'repeats the request'
  return OF_THE_MACHINE.test(all) ? 'tells of the machine' : undefined
}

function isRefusal(text: string, code: string): boolean {
  try {
    const { error, hint, ...rest } = Object(JSON.parse(text))
    return typeof error === 'string' && typeof hint === 'string' && rest.code === code && Object.keys(rest).length === 1
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    return false
  }
}
