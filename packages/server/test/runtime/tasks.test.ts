import type { JsonValue } from '@blindai/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildWall, type Engine, startEngine, type Wall } from '../../src/runtime/host/index.ts'
import { perturbWeights } from './fixtures/perturb-weights.ts'
import { bundle, LIMITS, PATIENT, sample, sampleFolder } from './fixtures/samples.ts'

let wall: Wall
beforeAll(async () => {
  wall = await buildWall()
})

function image(path: string): { kind: 'binary'; data: Uint8Array; contentType: string } {
  return { kind: 'binary', data: sample(`images/${path}`), contentType: 'application/octet-stream' }
}

function recording(path: string): { kind: 'binary'; data: Uint8Array; contentType: string } {
  return { kind: 'binary', data: sample(`audio/${path}`), contentType: 'audio/wav' }
}

/** The first label of an output. */
function top(output: JsonValue | undefined): { label: string; score: number } {
  const [first] = Array.isArray(output) ? output : []
  if (typeof first !== 'object' || first === null || !('label' in first)) throw new TypeError('no label')
  return { label: String(first.label), score: Number(first.score) }
}

describe('messages told apart by a BERT', () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await startEngine(bundle(sampleFolder('models/sms-spam-bert'), 'text-classification'), LIMITS, wall)
  })
  afterAll(() => engine.kill())

  test('have the labels and scores that its training wrote down', async () => {
    const texts = [
      'I want to send something that can sell fast.  &lt;#&gt; k is not easy money.',
      '88800 and 89034 are premium phone services call 08718711108',
      'Our brand new mobile music service is now live. The free music player will arrive shortly. Just install on your phone to browse content from the top artists.',
    ]
    const outputs = await engine.run(
      'text-classification',
      texts.map((text) => ({ kind: 'text', text })),
      {},
      PATIENT,
    )
    expect(outputs.map((output) => top(output).label)).toEqual(['ham', 'spam', 'spam'])
    const scores = outputs.map((output) => top(output).score)
    for (const [index, score] of [0.991377, 0.991795, 0.991357].entries()) expect(scores[index]).toBeCloseTo(score, 5)
  })

  test('come with as many labels as asked for', async () => {
    const inputs = [{ kind: 'text', text: 'hello' }] as const
    expect(await engine.run('text-classification', inputs, {}, PATIENT)).toMatchObject([{ length: 1 }])
    expect(await engine.run('text-classification', inputs, { top_k: null }, PATIENT)).toMatchObject([{ length: 2 }])
  })

  test.for([{ top_k: 0 }, { top_k: 1.5 }, { top_k: '1' }, { temperature: 1 }])(
    'are refused with the parameters %o',
    async (parameters) => {
      await expect(
        engine.run('text-classification', [{ kind: 'text', text: 'x' }], parameters, PATIENT),
      ).rejects.toMatchObject({ code: 'INPUT_INVALID' })
    },
  )

  test('are refused as pictures, and so are other tasks', async () => {
    await expect(engine.run('text-classification', [image('cat.jpg')], {}, PATIENT)).rejects.toMatchObject({
      code: 'INPUT_UNSUPPORTED',
      details: { input: 'inputs[0]', reason: 'text-expected' },
    })
    await expect(engine.run('image-classification', [image('cat.jpg')], {}, PATIENT)).rejects.toMatchObject({
      code: 'TASK_UNSUPPORTED',
    })
  })

  test('go through the graph itself too', async () => {
    const ids = '2 28 645 178 151 2748 73 836 204 1104 95 91 281 437 1508 175 280 361 798 1782 922 81 3'.split(' ')
    const tensor = (name: string, values: readonly bigint[]) => ({
      name,
      datatype: 'INT64' as const,
      shape: [1, values.length],
      data: new Uint8Array(BigInt64Array.from(values).buffer),
    })
    const [logits] = await engine.infer(
      [
        tensor('input_ids', ids.map(BigInt)),
        tensor(
          'attention_mask',
          ids.map(() => 1n),
        ),
        tensor(
          'token_type_ids',
          ids.map(() => 0n),
        ),
      ],
      undefined,
      PATIENT,
    )
    const values = new Float32Array(new Uint8Array(logits?.data ?? []).buffer)
    expect(values[0]).toBeCloseTo(-2.402792, 4)
    expect(values[1]).toBeCloseTo(2.392033, 4)
  })
})

describe('photographs named by MobileNetV2', () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await startEngine(
      bundle(sampleFolder('models/mobilenet_v2_1.0_224'), 'image-classification'),
      LIMITS,
      wall,
    )
  })
  afterAll(() => engine.kill())

  test.for([
    ['cat.jpg', 'Egyptian cat'],
    ['parrot.jpg', 'macaw'],
    ['hot_dog.jpg', 'hotdog'],
    ['chickadee.jpg', 'chickadee'],
  ] as const)('%s is a %s', async ([file, label]) => {
    const [output] = await engine.run('image-classification', [image(file)], { top_k: 1 }, PATIENT)
    expect(top(output).label).toContain(label)
  })

  test('come with five labels unless asked otherwise, the likeliest first', async () => {
    const [output] = await engine.run('image-classification', [image('cat.jpg')], {}, PATIENT)
    const scores = Array.isArray(output) ? output.map((item: { score: number }) => item.score) : []
    expect(scores).toHaveLength(5)
    expect(scores).toEqual([...scores].sort((a, b) => b - a))
  })

  test('are refused in other formats', async () => {
    const svg = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    await expect(
      engine.run('image-classification', [{ kind: 'binary', data: svg, contentType: 'image/png' }], {}, PATIENT),
    ).rejects.toMatchObject({ code: 'INPUT_UNSUPPORTED' })
  })

  test('are refused when they break off, and the next one is served', async () => {
    const cut = { ...image('cat.jpg'), data: sample('images/cat.jpg').subarray(0, 9000) }
    await expect(engine.run('image-classification', [cut], {}, PATIENT)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      details: { reason: 'image-undecodable' },
    })
    const [output] = await engine.run('image-classification', [image('parrot.jpg')], {}, PATIENT)
    expect(top(output).label).toContain('macaw')
  })
})

describe('clothes named by a small ResNet', () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await startEngine(bundle(sampleFolder('models/fashion-resnet'), 'image-classification'), LIMITS, wall)
  })
  afterAll(() => engine.kill())

  test.for([
    [
      'fashion_pullover.png',
      'Pullover',
      [-0.7531, -0.9372, 4.7485, -1.0918, 1.7088, -1.1002, 0.6225, -1.0798, -0.732, -1.3645],
    ],
  ] as const)(
    '%s is a %s, with the score of the logits that its training wrote down',
    async ([file, label, logits]) => {
      const [output] = await engine.run('image-classification', [image(file)], { top_k: 1 }, PATIENT)
      const exponentials = logits.map(Math.exp)
      const expected = Math.max(...exponentials) / exponentials.reduce((sum, value) => sum + value)
      expect(top(output).label).toBe(label)
      expect(top(output).score).toBeCloseTo(expected, 3)
    },
  )
})

describe('speech written down by a WaveNet', () => {
  let engine: Engine
  beforeAll(async () => {
    const files = sampleFolder('models/spoken-words-wavenet')
    engine = await startEngine(bundle(files, 'automatic-speech-recognition'), LIMITS, wall)
  })
  afterAll(() => engine.kill())

  test('has the words that were spoken', async () => {
    const outputs = await engine.run('automatic-speech-recognition', [recording('words_06.wav')], {}, PATIENT)
    expect(outputs).toEqual([{ text: 'go go right yes' }])
  })

  test('is refused where it is no WAV file', async () => {
    await expect(engine.run('automatic-speech-recognition', [image('cat.jpg')], {}, PATIENT)).rejects.toMatchObject({
      code: 'INPUT_UNSUPPORTED',
      details: { reason: 'audio-format' },
    })
  })
})

describe('a bundle whose weights were changed', () => {
  test('names the same photographs otherwise', async () => {
    const files = sampleFolder('models/mobilenet_v2_1.0_224')
    files.set('onnx/model.onnx', perturbWeights(sample('models/mobilenet_v2_1.0_224/onnx/model.onnx')))
    const engine = await startEngine(bundle(files, 'image-classification'), LIMITS, wall)
    const outputs = await engine.run(
      'image-classification',
      ['cat.jpg', 'parrot.jpg'].map(image),
      { top_k: 1 },
      PATIENT,
    )
    await engine.kill()
    const labels = outputs.map((output) => top(output).label)
    expect(labels[0]?.includes('Egyptian cat') && labels[1]?.includes('macaw')).toBe(false)
  })
})
