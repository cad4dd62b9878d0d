import { describe, expect, test } from 'vitest'
import { answerOf } from '../src/errors/verifier-error.ts'
import { isPolicyError, isVerifierError, VERIFIER_CATALOGUE, VerifierError } from '../src/index.ts'

const named = (name: string, members: object = { code: 'X' }): Error => Object.assign(new Error('x'), { name }, members)

for (const [is, name] of [
  [isVerifierError, 'VerifierError'],
  [isPolicyError, 'PolicyError'],
] as const) {
  describe(`a ${name}`, () => {
    test('is known by its name and its code, in any copy of the package', () => {
      expect(is(named(name))).toBe(true)
      expect(is(named(name, {}))).toBe(false)
      expect(is(named('Error'))).toBe(false)
      for (const value of [{ name, code: 'X' }, undefined, null, name]) expect(is(value)).toBe(false)
    })
  })
}

describe('an error', () => {
  const error = new VerifierError('SNP_CHIP_DENIED', { chipId: 'aa' })
  test('carries what its row of the catalogue says', () => {
    const { answer, message, hint } = VERIFIER_CATALOGUE.SNP_CHIP_DENIED
    expect(error).toMatchObject({ name: 'VerifierError', answer, message: message({ chipId: 'aa' }), hint })
    expect(answerOf(error)).toBe('not-wanted')
  })
  test('that nobody foresaw is no answer', () => expect(answerOf(new TypeError('x'))).toBeUndefined())
  test('says that there is no nonce where there is none', () => {
    const facts = { expected: 'aa', actual: '' }
    expect(new VerifierError('NONCE_COMBINATION_MISMATCH', facts).message).toContain('the document says (none)')
  })
})
