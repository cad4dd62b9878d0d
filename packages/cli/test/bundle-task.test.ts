import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { taskOfFolder } from '../src/bundle-task.ts'

const MODELS = fileURLToPath(new URL('../../../samples/models/', import.meta.url))

describe('the task of a folder', () => {
  test.each([
    ['mobilenet_v2_1.0_224', 'image-classification'],
    ['fashion-resnet', 'image-classification'],
    ['sms-spam-bert', 'text-classification'],
    ['spoken-words-wavenet', 'automatic-speech-recognition'],
  ])('%s is %s', async (folder, task) => {
    expect(await taskOfFolder(MODELS + folder)).toBe(task)
  })

  test.each(['speaker-embedding', 'mnist.onnx', 'nothing'])('%s has none', async (path) => {
    expect(await taskOfFolder(MODELS + path)).toBeUndefined()
  })
})
