import { describe, expect, test } from 'vitest'
import { POLICY_CATALOGUE, VERIFIER_CATALOGUE } from '../src/index.ts'
import { documented, line } from './support/error-page.ts'

const SECTIONS = { Verifier: VERIFIER_CATALOGUE, Policy: POLICY_CATALOGUE }

for (const [heading, catalogue] of Object.entries(SECTIONS)) {
  describe(`the page of errors, below ${heading}`, () => {
    const page = documented(heading)
    test('names every code, and no other', () => {
      expect(Object.keys(catalogue).sort()).toEqual([...page.keys()].sort())
    })
    for (const [code, row] of Object.entries(catalogue)) {
      test(`${code} says what the page says`, () => expect(line(code, row)).toBe(page.get(code)))
    }
  })
}
