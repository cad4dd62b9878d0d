import { describe, expect, test } from 'vitest'
import { answerOf, type VerifierErrorDetails } from '../src/errors/verifier-error.ts'
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
  const list = ['a', 'b'] as const
  const of = (code: keyof VerifierErrorDetails, details: object): string =>
    String(Reflect.apply(VERIFIER_CATALOGUE[code].message, undefined, [details]))
  test.each([
    ['NONCE_MISMATCH', { expected: 'aa', actual: '' }, 'answers the nonce (none)'],
    ['NONCE_COMBINATION_MISMATCH', { expected: 'aa', actual: 'bb' }, 'the document says bb'],
    ['CHANNEL_KEY_MISMATCH', { expected: list, actual: 'c' }, 'keys are a, b'],
    ['TRUST_CLASS_NOT_ACCEPTED', { accepted: list, actual: 'c' }, 'accepts a, b'],
    ['TCB_STATUS_NOT_ACCEPTED', { accepted: list, actual: 'c' }, 'accepts a, b'],
    ['OPERATOR_KEY_NOT_ACCEPTED', { accepted: list, actual: 'c' }, 'accepts a, b'],
    ['CONFIG_NOT_ACCEPTED', { member: 'm', accepted: list, actual: 'c' }, 'accepts a, b'],
    ['EVENT_LOG_DIGESTS_WRONG', { event: 1, expected: list, actual: 'c' }, 'one of each: a, b'],
    ['EVENT_LOG_BANK_MISSING', { bank: 'c', banks: list }, 'it has a, b'],
    ['EVENT_LOG_EMPTY', { registers: list }, 'into any of a, b'],
    ['NVIDIA_PROTECTED_PCIE_NOT_ACCEPTED', { accepted: [false], actual: true }, 'protected PCIe is on'],
    ['NVIDIA_PROTECTED_PCIE_NOT_ACCEPTED', { accepted: [true], actual: false }, 'protected PCIe is off'],
    ['NVIDIA_MEASUREMENT_MISMATCH', { index: 1, released: list, actual: 'c', differing: [1] }, 'released a or b'],
    ['SNP_POLICY_BIT_NOT_ALLOWED', { name: 'DEBUG', actual: true }, 'has DEBUG set'],
    ['SNP_POLICY_BIT_NOT_ALLOWED', { name: 'DEBUG', actual: false }, 'has DEBUG clear'],
    ['SNP_POLICY_BIT_RESERVED', { bit: 17, policy: 'p', expected: true }, 'is reserved and not one'],
    ['SNP_POLICY_BIT_RESERVED', { bit: 26, policy: 'p', expected: false }, 'is reserved and not zero'],
    ['SNP_VMPL_NOT_ALLOWED', { accepted: list, actual: 3 }, 'accepts a, b'],
    ['SNP_PRODUCT_NOT_ACCEPTED', { accepted: list, actual: 'c' }, 'accepts a, b'],
    ['SNP_SIGNING_KEY_NOT_ACCEPTED', { accepted: list, actual: 'c' }, 'accepts a, b'],
    ['TPM_AK_NOT_BOUND', { name: 'n', accepted: list }, 'its keys are a, b'],
    ['TPM_AK_NOT_BOUND', { name: 'n', accepted: [] }, 'its keys are (none)'],
  ] as const)('of the code %s says its facts: %o', (code, details, text) => expect(of(code, details)).toContain(text))
})
