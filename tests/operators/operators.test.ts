import type { Session } from '@blindai/client'
import { jsonObstacle, type RawTensor } from '@blindai/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Served, serve } from '../support/served.ts'
import { CASE_NAMES, loadCase, type OperatorCase } from './cases.ts'
import { type DirectAnswer, DirectRunner } from './direct-run.ts'
import { inferOverWire, type WireAnswer } from './wire.ts'

/** Cases whose answer is text; it is compared all the same. */
const ANSWERS_WITH_TEXT: ReadonlyMap<string, string> = new Map([
  ['test_cast_FLOAT_to_STRING', 'casts numbers to strings'],
  ['test_castlike_FLOAT_to_STRING', 'casts numbers to strings'],
])

/** Cases with tensors that JSON cannot hold; those tensors travel as binary data in the JSON run too. */
const NEEDS_BINARY: ReadonlyMap<string, string> = new Map([
  ['test_cast_STRING_to_FLOAT', 'output: NaN and infinities'],
  ['test_isinf', 'x: infinities'],
  ['test_isinf_positive', 'x: infinities'],
  ['test_mod_mixed_sign_float16', 'x, y, z: FP16'],
])

const UPLOAD_TIMEOUT_MS = 60_000

let served: Served
let session: Session
let direct: DirectRunner

beforeAll(async () => {
  served = await serve()
  session = await served.connect('alice')
  direct = new DirectRunner()
}, 120_000)

afterAll(async () => {
  await direct?.close()
  await served?.close()
})

describe('an operator test gives through the wire, bit for bit, what onnxruntime-node gives directly', () => {
  test.each(CASE_NAMES)('%s', { timeout: UPLOAD_TIMEOUT_MS }, async (name) => {
    const operator = loadCase(name)
    const expected = outputsOf(await direct.run(operator.model, operator.inputs))
    const { json, binary } = await answersOf(operator, expected)
    expect(binary).toEqual({ outputs: expected })
    expect(json).toEqual({ outputs: expected })
  })
})

describe('the operator tests', () => {
  test('are 120, of which 118 answer with numbers', () => {
    expect(CASE_NAMES).toHaveLength(120)
    expect([...ANSWERS_WITH_TEXT.keys()].every((name) => CASE_NAMES.includes(name))).toBe(true)
    expect(CASE_NAMES.filter((name) => !ANSWERS_WITH_TEXT.has(name))).toHaveLength(118)
  })

  test('answer with text exactly where it is said', () => {
    const withText = CASE_NAMES.filter((name) => loadCase(name).outputs.some(({ datatype }) => datatype === 'BYTES'))
    expect(withText).toEqual([...ANSWERS_WITH_TEXT.keys()])
  })

  test('need binary data exactly where it is said', async () => {
    const needing: string[] = []
    for (const name of CASE_NAMES) {
      const { model, inputs } = loadCase(name)
      const outputs = outputsOf(await direct.run(model, inputs))
      if ([...inputs, ...outputs].some((tensor) => jsonObstacle(tensor) !== undefined)) needing.push(name)
    }
    expect(needing).toEqual([...NEEDS_BINARY.keys()])
  })

  test('refuse to write in JSON what it cannot hold', { timeout: UPLOAD_TIMEOUT_MS }, async () => {
    const { model, inputs } = loadCase('test_cast_STRING_to_FLOAT')
    const { sha256 } = await session.models.upload(model, { kind: 'onnx' })
    expect(await inferOverWire(session, sha256, inputs, 'json', ['output'], [])).toEqual({ code: 'USE_BINARY' })
    await session.models.delete(sha256)
  })
})

async function answersOf(
  { model, inputs }: OperatorCase,
  expected: readonly RawTensor[],
): Promise<{ json: WireAnswer; binary: WireAnswer }> {
  const { sha256 } = await session.models.upload(model, { kind: 'onnx' })
  try {
    const names = expected.map((output) => output.name)
    const unwritable = expected.filter((output) => jsonObstacle(output) !== undefined).map((output) => output.name)
    return {
      binary: await inferOverWire(session, sha256, inputs, 'binary', names, []),
      json: await inferOverWire(session, sha256, inputs, 'json', names, unwritable),
    }
  } finally {
    await session.models.delete(sha256)
  }
}

function outputsOf(answer: DirectAnswer): readonly RawTensor[] {
  if ('refusal' in answer) throw new Error(answer.refusal)
  return answer.outputs
}
