import { unixSeconds } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import sgx from '../../../vectors/attestation/sgx/cases.json' with { type: 'json' }
import { parsePckChain } from '../src/dcap/quote-signature.ts'
import { parseSgxQuote } from '../src/formats/sgx/quote.ts'
import { DEFAULT_POLICY, parsePolicy, verify } from '../src/index.ts'
import { checkWindow } from '../src/x509/chain.ts'
import { checkRoles, verifyBelow } from '../src/x509/chain-roles.ts'
import { file } from './support/captures.ts'

const refused = (code: string, details: object): unknown => expect.objectContaining({ code, details })

const [{ quote } = { quote: '' }] = sgx.cases
const chain = parsePckChain(parseSgxQuote(file(quote, 'sgx')).signature)
const [pck, authority = pck, root = pck] = chain
const NOW = unixSeconds(1_795_407_570)
/** No certificate of the chain is valid any more. */
const LATE = unixSeconds(Date.UTC(2099, 0, 1) / 1000)

describe('a chain below a root that is pinned', () => {
  const below = (certificates: typeof chain | readonly [], verified: readonly (typeof pck)[]): Promise<void> =>
    verifyBelow(root, 'chain', certificates, verified, 'end-entity', LATE)
  const expired = expect.objectContaining({ code: 'ENDORSEMENT_EXPIRED' })
  test('is verified, also when a part of it was before', async () => {
    await expect(below(chain, [])).rejects.toThrowError(expired)
    await expect(below(chain, [root])).rejects.toThrowError(expired)
    await expect(below(chain, [authority, root])).rejects.toThrowError(expired)
  })
  test('is not verified again once all of it was', async () => {
    await expect(below(chain, [root, pck, authority])).resolves.toBeUndefined()
  })
  test('ends in that root, to the byte', async () => {
    const differ = (actual: unknown): unknown =>
      refused('ROOTS_DIFFER', { chain: 'chain', expected: expect.stringMatching(/^[0-9a-f]{64}$/), actual })
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    await expect(below([], [])).rejects.toThrowError(differ(empty))
    await expect(below([pck, authority], [])).rejects.toThrowError(differ(expect.not.stringMatching(empty)))
    await expect(below([root, pck], [root, pck])).rejects.toThrowError(
      expect.objectContaining({ code: 'ROOTS_DIFFER' }),
    )
  })
  test('has its roles in their order', () => {
    const names = chain.map(({ subject }) => [subject.commonName])
    expect(() => checkRoles('chain', chain, names)).not.toThrow()
    expect(() => checkRoles('chain', chain, names.slice(1))).toThrowError(
      refused('CHAIN_LENGTH_WRONG', { chain: 'chain', expected: 2, actual: 3 }),
    )
    expect(() => checkRoles('chain', [pck], [['A', 'B']])).toThrowError(
      refused('CERTIFICATE_ROLE_MISMATCH', {
        chain: 'chain',
        position: 0,
        expected: 'A" or "B',
        actual: pck.subject.commonName,
      }),
    )
  })
})

describe('a window', () => {
  const at = (now: number) => () => checkWindow('x', unixSeconds(10), unixSeconds(20), unixSeconds(now))
  test('has both of its ends', () => {
    expect(at(10)).not.toThrow()
    expect(at(20)).not.toThrow()
    expect(at(9)).toThrowError(refused('ENDORSEMENT_NOT_YET_VALID', { subject: 'x', notBefore: 10, now: 9 }))
    expect(at(21)).toThrowError(refused('ENDORSEMENT_EXPIRED', { subject: 'x', notAfter: 20, now: 21 }))
  })
})

describe('misuse of verify', () => {
  const document = new Uint8Array()
  test('says what is wrong', async () => {
    const other = { ...DEFAULT_POLICY }
    await expect(verify(document, other, { now: NOW })).rejects.toThrowError(
      new TypeError('the policy is not one that parsePolicy made'),
    )
    const policy = parsePolicy({ version: 1, name: 'x' })
    await expect(verify(document, policy, { now: NOW, nonce: new Uint8Array(31) })).rejects.toThrowError(
      new RangeError('nonce has 32 bytes, not 31'),
    )
    const channel = { kind: 'tls', spkiSha256: new Uint8Array(33) } as const
    await expect(verify(document, policy, { now: NOW, channel })).rejects.toThrowError(
      new RangeError('spkiSha256 has 32 bytes, not 33'),
    )
  })
})
