import { globSync, statSync } from 'node:fs'
import { isBlindAiError, type Session } from '@blindai/client'
import type { RawTensor } from '@blindai/protocol'
import { CASE_NAMES, loadCase, type OperatorCase } from '../tests/operators/cases.ts'
import { DirectRunner } from '../tests/operators/direct-run.ts'
import { inferOverWire } from '../tests/operators/wire.ts'
import { serve } from '../tests/support/served.ts'
import { asCommand, type Finding } from './lib/report.ts'

/**
 * Conformance: the tests that the ONNX project publishes for its operators, through the wire, bit for bit what
 * onnxruntime-node gives directly. Whether ONNX Runtime is right is not asked.
 *
 *   node --conditions=source reliability/conformance.ts [--long]
 *
 * The long form takes all of Debian's `libonnx-testdata`, the short one some of those in `vectors/`.
 */

const DEBIAN = new URL('file:///usr/share/libonnx-testdata/data/')
const SHORT_EVERY = 8
/** Answers with numbers that are equal, at least: fewer mean that little was compared. */
const LEAST_NUMERIC = { short: 1, long: 950 } as const

/** A case whose answers differ. */
interface Violation {
  readonly kind: string
  readonly detail: string
}

/** What became of a case. */
type Outcome =
  /** The same answer both ways; with numbers in it, or with text or nothing alone. */
  | { readonly kind: 'equal'; readonly isNumeric: boolean }
  /** Draws numbers: the same names, types and shapes both ways, and other numbers. */
  | { readonly kind: 'random' }
  /** ONNX Runtime itself does not run it, and the server says so by a code. */
  | { readonly kind: 'refused alike'; readonly reason: string }
  /** Its files hold sequences, optional values or types that the protocol has no tensors for. */
  | { readonly kind: 'no tensors'; readonly reason: string }
  | { readonly kind: 'differs'; readonly reason: string }

export async function checkConformance({ long }: { readonly long: boolean }): Promise<readonly Finding[]> {
  const names = long ? debianCases() : CASE_NAMES.filter((_, i) => i % SHORT_EVERY === 0)
  const served = await serve()
  const direct = new DirectRunner()
  try {
    const session = await served.connect('alice')
    const outcomes = new Map<string, Outcome>()
    for (const name of names) {
      outcomes.set(name, await outcomeOf(name, long ? DEBIAN : undefined, session, direct))
      if (long && outcomes.size % 100 === 0) console.log(`${outcomes.size} of ${names.length}`)
    }
    const planted = await plantedBit(session, direct)
    if (long) list(outcomes)
    return [planted, finding(outcomes, LEAST_NUMERIC[long ? 'long' : 'short'])]
  } finally {
    await direct.close()
    await served.close()
  }
}

function debianCases(): readonly string[] {
  if (statSync(DEBIAN, { throwIfNoEntry: false }) === undefined) {
    throw new RangeError('install the Debian package libonnx-testdata')
  }
  const models = globSync('*/*/model.onnx', { cwd: DEBIAN.pathname })
  return models.map((path) => path.slice(0, -'/model.onnx'.length)).sort()
}

async function outcomeOf(
  name: string,
  folder: URL | undefined,
  session: Session,
  direct: DirectRunner,
): Promise<Outcome> {
  const operator = read(name, folder)
  if (operator instanceof RangeError) return { kind: 'no tensors', reason: operator.message }
  const expected = await direct.run(operator.model, operator.inputs)
  const names = 'refusal' in expected ? [] : expected.inputNames
  const answer = await overWire(session, named(operator, names), 'refusal' in expected ? [] : expected.outputs)
  if ('refusal' in expected) {
    const isAlike = 'code' in answer && answer.code !== undefined
    return { kind: isAlike ? 'refused alike' : 'differs', reason: 'code' in answer ? `${answer.code}` : 'answered' }
  }
  if ('code' in answer) return { kind: 'differs', reason: `${answer.code}` }
  if (isRandom(operator) && isAlikeInForm(answer.outputs, expected.outputs)) return { kind: 'random' }
  if (!isSame(answer.outputs, expected.outputs)) return { kind: 'differs', reason: 'another answer' }
  const isNumeric = expected.outputs.every(({ datatype }) => datatype !== 'BYTES')
  return { kind: 'equal', isNumeric: isNumeric && expected.outputs.some(({ data }) => data.byteLength > 0) }
}

/** Draws numbers, so that no two runs of one session are alike, seed or not: an engine has run once before it serves. */
function isRandom({ model }: OperatorCase): boolean {
  const text = Buffer.from(model)
  return RANDOM_OPERATORS.some((operator) => text.includes(operator))
}

/** Source: Operators.md of ONNX. */
const RANDOM_OPERATORS: readonly string[] = ['Bernoulli', 'RandomUniform', 'RandomNormal', 'Multinomial']

function isAlikeInForm(answered: readonly RawTensor[], expected: readonly RawTensor[]): boolean {
  const form = (tensors: readonly RawTensor[]): string =>
    tensors.map(({ name, datatype, shape, data }) => [name, datatype, shape, data.byteLength].join()).join(' ')
  return form(answered) === form(expected)
}

/** Inputs under the names of the model: files hold them in its order, and some without a name. */
function named(operator: OperatorCase, names: readonly string[]): OperatorCase {
  return {
    ...operator,
    inputs: operator.inputs.map((input, i) => ({ ...input, name: names[i] ?? (input.name || `${i}`) })),
  }
}

function read(name: string, folder: URL | undefined): OperatorCase | RangeError {
  try {
    return loadCase(name, folder)
  } catch (error) {
    if (error instanceof RangeError) return error
    throw error
  }
}

type Answer = Awaited<ReturnType<typeof inferOverWire>>

async function overWire(session: Session, operator: OperatorCase, outputs: readonly RawTensor[]): Promise<Answer> {
  try {
    const { sha256 } = await session.models.upload(operator.model, { kind: 'onnx' })
    try {
      const names = outputs.map((output) => output.name)
      return await inferOverWire(session, sha256, operator.inputs, 'binary', names, [])
    } finally {
      await session.models.delete(sha256)
    }
  } catch (error) {
    if (!isBlindAiError(error)) throw error
    return { code: error.code }
  }
}

function isSame(answered: readonly RawTensor[], expected: readonly RawTensor[]): boolean {
  return (
    answered.length === expected.length &&
    answered.every((tensor, i) => {
      const other = expected[i]
      return (
        other !== undefined &&
        tensor.name === other.name &&
        tensor.datatype === other.datatype &&
        tensor.shape.join() === other.shape.join() &&
        Buffer.compare(tensor.data, other.data) === 0
      )
    })
  )
}

/** The harness finds what it looks for: an answer of which one bit is another. */
async function plantedBit(session: Session, direct: DirectRunner): Promise<Finding> {
  const operator = loadCase('test_acos_example')
  const expected = await direct.run(operator.model, operator.inputs)
  if ('refusal' in expected) throw new RangeError('test_acos_example was refused')
  const answer = await overWire(session, operator, expected.outputs)
  if ('code' in answer) throw new RangeError('test_acos_example was refused by the server')
  const wrong = answer.outputs.map((tensor) => ({
    ...tensor,
    data: tensor.data.map((byte, i) => (i === 0 ? byte ^ 1 : byte)),
  }))
  // Were the answer another already, a bit more would tell nothing.
  if (!isSame(answer.outputs, expected.outputs)) throw new RangeError('test_acos_example has another answer')
  const violations: Violation[] = isSame(wrong, expected.outputs) ? [] : [{ kind: 'differs', detail: 'one bit' }]
  return { title: 'an answer with one bit changed', violations, tried: '1 answer', expected: ['differs'] }
}

function finding(outcomes: ReadonlyMap<string, Outcome>, leastNumeric: number): Finding {
  const all = [...outcomes.values()]
  const count = (kind: Outcome['kind']): number => all.filter((one) => one.kind === kind).length
  const numeric = all.filter((one) => one.kind === 'equal' && one.isNumeric).length
  const violations = [...outcomes].flatMap(([name, one]): Violation[] =>
    one.kind === 'differs' ? [{ kind: 'differs', detail: `${name}: ${one.reason}` }] : [],
  )
  if (numeric < leastNumeric) violations.push({ kind: 'too little compared', detail: `${numeric} with numbers` })
  const tried = `${all.length} cases: ${count('equal')} equal (${numeric} with numbers), ${count('random')} that draw numbers, ${count('refused alike')} that ONNX Runtime refuses, ${count('no tensors')} without tensors`
  return { title: 'answers through the wire', violations, tried }
}

/** Each case that has no equal answer, by the reason. */
function list(outcomes: ReadonlyMap<string, Outcome>): void {
  const reasons = new Map<string, string[]>()
  for (const [name, one] of outcomes) {
    if (one.kind === 'equal') continue
    const key = 'reason' in one ? `${one.kind}, ${one.reason}` : one.kind
    reasons.set(key, [...(reasons.get(key) ?? []), name])
  }
  for (const [reason, names] of reasons) console.log(`${reason} (${names.length}): ${names.join(' ')}`)
}

await asCommand(import.meta.url, 'Conformance', checkConformance)
