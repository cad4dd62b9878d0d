import { fromUtf8, isMalformedError } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import suite from '../../../vectors/crypto/json/jsontestsuite.json' with { type: 'json' }
import { JsonScanner } from '../src/json-scanner.ts'

type Answer = 'accept' | 'reject'

/** Whether the scanner goes over the text from end to end. */
function answer(base64: string, go: (scanner: JsonScanner) => unknown): Answer {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  try {
    const scanner = new JsonScanner('message', fromUtf8('message', bytes))
    go(scanner)
    scanner.end()
    return 'accept'
  } catch (error) {
    // Anything else is no refusal but a fault.
    if (!isMalformedError(error)) throw error
    return 'reject'
  }
}

const read = (scanner: JsonScanner): unknown => scanner.value('message')
const passOver = (scanner: JsonScanner): unknown => scanner.skip()

describe('the scanner of messages is as JSONTestSuite says', () => {
  for (const { name, expect: expected, base64 } of suite) {
    if (expected === 'either')
      test(`${name} has an answer`, () => expect(['accept', 'reject']).toContain(answer(base64, read)))
    else test(`${name}: ${expected}`, () => expect(answer(base64, read)).toBe(expected))
  }
  test('where it only looks for the end of a value, it refuses none that is valid', () => {
    const valid = suite.filter((one) => one.expect === 'accept')
    expect(valid.filter(({ base64 }) => answer(base64, passOver) !== 'accept')).toEqual([])
    expect(suite.map(({ base64 }) => answer(base64, passOver))).toHaveLength(188)
  })
})
