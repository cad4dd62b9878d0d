import { hash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ELEMENT, model, node, value } from '../support/onnx-writer.ts'
import { policyOf, type Served, serve } from '../support/served.ts'

const of = (type: string): Uint8Array<ArrayBuffer> =>
  model({
    nodes: [node(type, ['x', 'x'], ['y'])],
    inputs: [value('x', ELEMENT.float, ['n'])],
    outputs: [value('y', ELEMENT.float, ['n'])],
  })
const DOUBLES = of('Add')
const SQUARES = of('Mul')
const FIRST = hash('sha256', DOUBLES)
const SECOND = hash('sha256', SQUARES)
const THREE = { name: 'x', datatype: 'FP32', shape: [1], data: Float32Array.of(3) } as const
const SIX = [{ data: Float32Array.of(6) }]
const NINE = [{ data: Float32Array.of(9) }]

let served: Served
beforeAll(async () => {
  served = await serve()
  const { models } = await served.connect('alice')
  await models.upload(DOUBLES, { name: 'calc' })
  await models.upload(SQUARES, { name: 'calc' })
})
afterAll(() => served?.close())

/** A session whose policy lets that model run, and no other. */
async function onlyFor(sha256: string) {
  const policy = { ...Object(policyOf(served.simulator)), models: [{ name: 'allowed', sha256 }] }
  return await served.connect('alice', { policy })
}

describe('a version of a name that has a newer one', () => {
  test('runs with a receipt, which is of that version', async () => {
    const session = await served.connect('alice')
    expect(await session.infer('calc', [THREE], { version: '1', receipt: true })).toMatchObject({
      modelVersion: '1',
      outputs: SIX,
      receipt: { receipt: { model: { sha256: FIRST } } },
    })
    expect(await session.infer('calc', [THREE], { receipt: true })).toMatchObject({
      outputs: NINE,
      receipt: { receipt: { model: { sha256: SECOND } } },
    })
    expect(await session.infer('calc', [THREE], { version: SECOND, receipt: true })).toMatchObject({ outputs: NINE })
  })

  test('runs where the policy lists it, and the newer one does not', async () => {
    const session = await onlyFor(FIRST)
    expect(await session.infer('calc', [THREE], { version: '1' })).toMatchObject({ outputs: SIX })
    const refused = { code: 'MODEL_NOT_ALLOWED', details: { model: 'calc', sha256: SECOND } }
    await expect(session.infer('calc', [THREE], { version: '2' })).rejects.toMatchObject(refused)
    await expect(session.infer('calc', [THREE])).rejects.toMatchObject(refused)
  })

  test('is refused where the policy lists the newer one alone', async () => {
    const refused = { code: 'MODEL_NOT_ALLOWED', details: { model: 'calc', sha256: FIRST } }
    await expect((await onlyFor(SECOND)).infer('calc', [THREE], { version: '1' })).rejects.toMatchObject(refused)
  })

  test('does not run as one that it is not', async () => {
    const refused = { code: 'VERSION_NOT_FOUND' }
    const session = await onlyFor(FIRST)
    await expect(session.infer('allowed', [THREE], { version: '2' })).rejects.toMatchObject(refused)
    await expect(session.infer(FIRST, [THREE], { version: '2', receipt: true })).rejects.toMatchObject(refused)
    await expect(session.infer('calc', [THREE], { version: '3' })).rejects.toMatchObject(refused)
    expect(await session.infer('allowed', [THREE], { version: '1' })).toMatchObject({ outputs: SIX })
  })
})
