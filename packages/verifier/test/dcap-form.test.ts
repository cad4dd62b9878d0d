import { describe, expect, test } from 'vitest'
import { parseDcapEndorsements } from '../src/dcap/endorsements.ts'
import { INTEL_ROLE_NAMES, SIMULATED_ROLE_NAMES } from '../src/dcap/roots.ts'
import { capture, file, pem } from './support/captures.ts'

const { endorsements } = capture('GCP with zero padding')
const error = (code: string, details: object): object =>
  expect.objectContaining({ code, details: expect.objectContaining(details) })
const parse = (members: object): unknown => parseDcapEndorsements({ ...endorsements, ...members })
const root = file('intel-sgx-root-ca.der')
const broken = pem(root, root.slice(0, -1), root)

describe('endorsements of an Intel platform', () => {
  test('are read as they are', () => expect(() => parse({})).not.toThrow())
  test.each([
    ['pckCrlIssuerChain', 'PCK CRL issuer chain'],
    ['tcbInfoIssuerChain', 'TCB info issuer chain'],
    ['qeIdentityIssuerChain', 'QE identity issuer chain'],
  ])('name the certificate of %s that is none', (member, chain) => {
    expect(() => parse({ [member]: broken })).toThrow(error('NOT_DER', { field: `${chain}[1]` }))
    expect(() => parse({ [member]: pem(root.slice(0, -1)) })).toThrow(error('NOT_DER', { field: `${chain}[0]` }))
    expect(() => parse({ [member]: '' })).toThrow(error('NOT_PEM', { field: chain }))
  })
  test.each([
    ['rootCaCrl', 'root CRL'],
    ['pckCrl', 'PCK CRL'],
  ])('name %s where it is no list, and one that is too long', (member, name) => {
    expect(() => parse({ [member]: 'AAAA' })).toThrow(error('NOT_DER', { field: name }))
    const limit = Math.ceil((1_048_576 * 4) / 3)
    const long = 'A'.repeat(limit + 1)
    expect(() => parse({ [member]: long })).toThrow(
      error('TOO_LONG', { field: `endorsements.${member}`, length: limit + 1, limit }),
    )
  })
})

describe('the certificates of an Intel platform', () => {
  test('have the names of their profile', () =>
    expect(INTEL_ROLE_NAMES).toEqual({
      root: 'Intel SGX Root CA',
      pckAuthorities: ['Intel SGX PCK Platform CA', 'Intel SGX PCK Processor CA'],
      pck: 'Intel SGX PCK Certificate',
      tcbSigning: 'Intel SGX TCB Signing',
    }))
  test('have names of their own in software', () =>
    expect(SIMULATED_ROLE_NAMES).toEqual({
      root: 'BlindAI Simulated Root CA',
      pckAuthorities: ['BlindAI Simulated PCK Platform CA'],
      pck: 'BlindAI Simulated PCK Certificate',
      tcbSigning: 'BlindAI Simulated TCB Signing',
    }))
})
