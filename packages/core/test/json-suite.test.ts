import { fromUtf8, isMalformedError, parseJson } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import suite from '../../../vectors/crypto/json/jsontestsuite.json' with { type: 'json' }

type Answer = 'accept' | 'reject'

function answer(base64: string): Answer {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  try {
    parseJson('document', fromUtf8('document', bytes))
    return 'accept'
  } catch (error) {
    // Anything else is no refusal but a fault.
    if (!isMalformedError(error)) throw error
    return 'reject'
  }
}

describe('strict JSON is as JSONTestSuite says', () => {
  for (const { name, expect: expected, base64 } of suite) {
    if (expected === 'either') {
      test(`${name} has an answer`, () => expect(['accept', 'reject']).toContain(answer(base64)))
    } else test(`${name}: ${expected}`, () => expect(answer(base64)).toBe(expected))
  }
  test('and all its cases are there', () => expect(suite).toHaveLength(188))
})
