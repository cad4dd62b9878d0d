import type { Session } from '@blindai/client'
import type { Tensor } from '@blindai/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Served, serve } from '../support/served.ts'
import {
  CLAIMS_ALL,
  DOUBLES,
  ENDLESS,
  EXPANDS,
  externalWeights,
  FOREIGN_OPERATOR,
  GROWS,
  loopInputs,
  loopWhileGo,
  nested,
  numbers,
  VGG19_LIGHT,
} from './models.ts'
import { whileServing } from './serving-on.ts'

const MIB = 1024 * 1024
const TIMEOUT_MS = 120_000

let served: Served
let alice: Session
let bob: Session

beforeAll(async () => {
  served = await serve({
    tenants: ['alice', 'bob'],
    limits: { cores: 2, engineMemoryBytes: 128 * MIB, requestDeadlineMs: 10_000, loadDeadlineMs: 15_000 },
  })
  alice = await served.connect('alice')
  bob = await served.connect('bob')
})
afterAll(() => served?.close())

/** Where nothing limits memory, a test that asks for all of it does not run, and says so. */
function needLimits(skip: (note: string) => void): void {
  if (!served.server.missing.includes('memory and file limits')) return
  const isRequired = (process.env.BLINDAI_REQUIRE ?? '').split(',').includes('faults')
  if (isRequired) throw new Error('BLINDAI_REQUIRE names faults, and nothing limits the memory of engines here')
  skip('nothing limits the memory of engines here')
}

/** Refused with its code, in a sentence that names nothing of the machine; and nothing of the model is left. */
async function expectRefused(model: Uint8Array, code: RegExp, options = {}): Promise<void> {
  const before = await alice.models.list()
  const error: unknown = await alice.models.upload(model, options).catch((cause: unknown) => cause)
  expect(error).toMatchObject({ family: 'fix', code: expect.stringMatching(code) })
  expect(JSON.stringify(Object(error).details)).not.toMatch(/\/(?:tmp|home|proc|etc|usr)|\.ts|node:|\bat \w+ \(/)
  expect(await alice.models.list()).toEqual(before)
}

describe('while another client is served', () => {
  test('9 KB that want 650 MB are refused by name', { timeout: TIMEOUT_MS }, async ({ skip }) => {
    needLimits(skip)
    await whileServing(bob, async () => {
      await expectRefused(VGG19_LIGHT, /^MODEL_NEEDS_MORE_MEMORY$/)
      await expectRefused(VGG19_LIGHT, /^MODEL_NEEDS_MORE_MEMORY$/)
    })
  })

  test('an input that makes a small model want 32 GB fails alone', { timeout: TIMEOUT_MS }, async ({ skip }) => {
    needLimits(skip)
    const shape = (...data: bigint[]): Tensor => ({
      name: 'shape',
      datatype: 'INT64',
      shape: [data.length],
      data: BigInt64Array.from(data),
    })
    await alice.models.upload(EXPANDS, { name: 'expands' })
    await whileServing(bob, async () => {
      await expect(alice.infer('expands', [numbers(1), shape(2n ** 33n)])).rejects.toMatchObject({
        code: expect.stringMatching(/^(?:MODEL_NEEDS_MORE_MEMORY|ENGINE_OUT_OF_MEMORY)$/),
      })
      const { outputs } = await alice.infer('expands', [numbers(5), shape(3n)])
      expect(outputs).toMatchObject([{ name: 'y', shape: [3], data: Float32Array.of(5, 5, 5) }])
    })
  })

  test('a run without end is ended at its deadline, by name', { timeout: TIMEOUT_MS }, async () => {
    await alice.models.upload(loopWhileGo(), { name: 'loop' })
    await whileServing(bob, async (other) => {
      const before = other.answers
      await expect(alice.infer('loop', loopInputs(true))).rejects.toMatchObject({
        family: 'fix',
        code: 'DEADLINE_EXCEEDED',
        details: { status: 504 },
      })
      expect(other.answers).toBeGreaterThan(before)
      expect((await alice.infer('loop', loopInputs(false))).outputs).toMatchObject([{ data: Float32Array.of(7) }])
    })
  })

  test('a run without end that wants more and more memory fails alone', { timeout: TIMEOUT_MS }, async ({ skip }) => {
    needLimits(skip)
    const go = (value: number): Tensor => ({ name: 'go', datatype: 'BOOL', shape: [], data: Uint8Array.of(value) })
    await alice.models.upload(GROWS, { name: 'grows' })
    await whileServing(bob, async () => {
      await expect(alice.infer('grows', [go(1)])).rejects.toMatchObject({
        // Where its arena cannot grow, ONNX Runtime says so, or aborts in the attempt to say so.
        code: expect.stringMatching(/^(?:MODEL_NEEDS_MORE_MEMORY|ENGINE_OUT_OF_MEMORY|ENGINE_CRASHED)$/),
      })
      expect(await alice.infer('grows', [go(0)])).toMatchObject({ outputs: [{ name: 'turns', shape: [0] }] })
    })
  })

  test('a model that never ends whatever it is given cannot even be uploaded', { timeout: TIMEOUT_MS }, async () => {
    await whileServing(bob, async (other) => {
      const before = other.answers
      await expectRefused(ENDLESS, /^DEADLINE_EXCEEDED$/)
      expect(other.answers).toBeGreaterThan(before)
    })
  })

  test.each(['initializer', 'attribute', 'subgraph'] as const)(
    'a model that names files outside itself in an %s is refused by name',
    { timeout: TIMEOUT_MS },
    async (where) => {
      await whileServing(bob, async () => {
        for (const location of ['weights.bin', '/etc/passwd', '../../../etc/passwd', '/proc/self/environ']) {
          await expectRefused(externalWeights(location, where), /^MODEL_REFUSED$/)
        }
      })
    },
  )

  test('what is no model, or one of another world, is refused by name', { timeout: TIMEOUT_MS }, async () => {
    const kind = 'onnx'
    await whileServing(bob, async () => {
      await expectRefused(FOREIGN_OPERATOR, /^MODEL_REFUSED$/)
      await expectRefused(nested(100), /^MODEL_REFUSED$/)
      await expectRefused(CLAIMS_ALL, /^MODEL_(?:REFUSED|INVALID)$/)
      await expectRefused(DOUBLES.subarray(0, DOUBLES.byteLength - 3), /^MODEL_(?:REFUSED|INVALID)$/)
      await expectRefused(new Uint8Array(10_000).fill(0xff), /^MODEL_(?:REFUSED|INVALID)$/, { kind })
      await expectRefused(Buffer.from('....ORTM and so on'), /^MODEL_REFUSED$/, { kind })
      await expectRefused(Buffer.from('PK\u0003\u0004 a zip archive'), /^MODEL_(?:REFUSED|INVALID)$/, { kind })
    })
  })

  test('what is no bundle, or one that reaches out of itself, is refused by name', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const kind = 'bundle'
    const task = 'text-classification'
    const config = tarFile('config.json', Buffer.from('{}'))
    await whileServing(bob, async () => {
      for (const [archive, code] of [
        [Buffer.from('no archive at all'), /^MODEL_(?:REFUSED|INVALID)$/],
        [tarOf(config), /^MODEL_(?:REFUSED|INVALID)$|^TASK_UNSUPPORTED$/],
        [tarOf(config, tarFile('../../etc/cron.d/evil', Buffer.from('x'))), /^MODEL_REFUSED$|^MODEL_INVALID$/],
        [tarOf(config, tarFile('/etc/cron.d/evil', Buffer.from('x'))), /^MODEL_REFUSED$|^MODEL_INVALID$/],
        [
          tarOf(config, tarFile('onnx/model.onnx', Buffer.alloc(0), '2', '/etc/passwd')),
          /^MODEL_REFUSED$|^MODEL_INVALID$/,
        ],
      ] as const) {
        await expectRefused(archive, code, { kind, task })
      }
    })
  })

  test('twenty refusals later the server is as it was', { timeout: TIMEOUT_MS }, async () => {
    await whileServing(bob, async () => {
      for (let n = 0; n < 20; n++)
        await expectRefused(externalWeights(`weights-${n}`, 'initializer'), /^MODEL_REFUSED$/)
      await alice.models.upload(DOUBLES, { name: 'doubles' })
      expect((await alice.infer('doubles', [numbers(1.5, -2)])).outputs).toMatchObject([
        { data: Float32Array.of(3, -4) },
      ])
    })
  })
})

/** One file of a tar archive. Source: POSIX.1-2017 pax, "ustar Interchange Format". */
function tarFile(name: string, content: Buffer, type = '0', link = ''): Buffer {
  const header = Buffer.alloc(512)
  header.write(name, 0)
  header.write('0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${content.byteLength.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  header.write('        ', 148)
  header.write(type, 156)
  header.write(link, 157)
  header.write('ustar\u000000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, content, Buffer.alloc(-content.byteLength & 511)])
}

function tarOf(...files: readonly Buffer[]): Buffer {
  return Buffer.concat([...files, Buffer.alloc(1024)])
}
