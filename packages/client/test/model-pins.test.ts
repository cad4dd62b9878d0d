import { describe, expect, test } from 'vitest'
import { ModelPins } from '../src/model-pins.ts'

const SPAM = 'ab'.repeat(32)
const OTHER = 'cd'.repeat(32)
const models = [{ name: 'spam', sha256: SPAM }]

/** Pins over a server that calls one model `theirs`, and counts the questions. */
function pins(digest: string, allowed: typeof models | undefined = models) {
  const asked: string[] = []
  const held = new ModelPins(allowed, async (model, version) => {
    asked.push(version === undefined ? model : `${model}@${version}`)
    return digest
  })
  return { asked, pin: async (model: string) => (await held.pin(model)).model, held }
}

describe('a policy with models', () => {
  test('gives a name of its own its own digest, without asking the server', async () => {
    const { pin, asked } = pins(OTHER)
    expect(await pin('spam')).toBe(SPAM)
    expect(asked).toEqual([])
  })
  test('lets a listed digest run, in either case of hexadecimal', async () => {
    const { pin, asked } = pins(OTHER)
    expect(await pin(SPAM.toUpperCase())).toBe(SPAM)
    expect(asked).toEqual([])
  })
  test('refuses a digest that is not listed, without asking the server', async () => {
    const { pin, asked } = pins(SPAM)
    await expect(pin(OTHER)).rejects.toMatchObject({
      name: 'BlindAiError',
      family: 'stop',
      code: 'MODEL_NOT_ALLOWED',
      details: { model: OTHER, sha256: OTHER },
    })
    expect(asked).toEqual([])
  })
  test('calls by digest what the server names, where that is listed', async () => {
    const { pin, asked } = pins(SPAM)
    expect(await pin('theirs~spam')).toBe(SPAM)
    expect(asked).toEqual(['theirs~spam'])
  })
  test('refuses what the server names, where that is not listed', async () => {
    const { pin } = pins(OTHER)
    await expect(pin('theirs~spam')).rejects.toMatchObject({
      code: 'MODEL_NOT_ALLOWED',
      details: { model: 'theirs~spam', sha256: OTHER },
    })
  })
  test('asks for the version of a name, whose digest then says all', async () => {
    const { held, asked } = pins(SPAM)
    expect(await held.pin('theirs~spam', { version: '1' })).toEqual({ model: SPAM })
    expect(asked).toEqual(['theirs~spam@1'])
  })
  test('leaves a version beside a digest that it knows, for the server to compare', async () => {
    const { held, asked } = pins(OTHER)
    expect(await held.pin('spam', { version: '2' })).toEqual({ model: SPAM, version: '2' })
    expect(await held.pin(SPAM, { version: '2' })).toEqual({ model: SPAM, version: '2' })
    expect(asked).toEqual([])
  })
  test('that is empty lets none run', async () => {
    const { pin } = pins(SPAM, [])
    await expect(pin('spam')).rejects.toMatchObject({ code: 'MODEL_NOT_ALLOWED' })
  })
  test('refuses an answer of another model', () => {
    const { held } = pins(SPAM)
    held.check(SPAM, SPAM)
    expect(() => held.check(SPAM, OTHER)).toThrowError(expect.objectContaining({ code: 'RESPONSE_MALFORMED' }))
  })
})

describe('a policy without models', () => {
  test('leaves every name and its answer as they are', async () => {
    const asked: string[] = []
    const held = new ModelPins(undefined, async (model) => {
      asked.push(model)
      return OTHER
    })
    expect(await held.pin('spam')).toEqual({ model: 'spam' })
    expect(await held.pin('spam', { version: '1' })).toEqual({ model: 'spam', version: '1' })
    held.check('spam', OTHER)
    expect(asked).toEqual([])
  })
  test('calls by digest where a receipt is asked for, which has to be of one model', async () => {
    const asked: string[] = []
    const held = new ModelPins(undefined, async (model) => {
      asked.push(model)
      return OTHER
    })
    expect(await held.pin('spam', { receipt: true })).toEqual({ model: OTHER })
    expect(await held.pin(SPAM.toUpperCase(), { receipt: true })).toEqual({ model: SPAM })
    expect(asked).toEqual(['spam'])
    expect(() => held.check(OTHER, SPAM)).toThrowError(expect.objectContaining({ code: 'RESPONSE_MALFORMED' }))
  })
})
