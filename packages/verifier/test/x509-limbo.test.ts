import { isMalformedError, unixSeconds } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import limbo from '../../../vectors/crypto/x509-limbo/limbo.json' with { type: 'json' }
import { isVerifierError } from '../src/index.ts'
import { type Certificate, parseCertificate } from '../src/x509/certificate.ts'
import { verifyChain } from '../src/x509/chain.ts'
import { parsePemCertificates } from '../src/x509/pem.ts'

/**
 * x509-limbo asks what a client of the web should accept. Where our answer is another, the reason stands here: chains of
 * endorsements come in their order, have pinned roots and roles by name, and certify no host.
 */
const DIFFERENT: { readonly [reason: string]: readonly string[] } = {
  'chains come in one order; no other path is looked for': ['pathological::multiple-chains-expired-intermediate'],
  'critical name constraints are refused, whatever they say': [
    'rfc5280::nc::permitted-dns-match',
    'rfc5280::nc::permitted-dn-match',
    'rfc5280::nc::permitted-self-issued',
    'rfc5280::nc::permitted-different-constraint-type',
    'rfc5280::nc::excluded-different-constraint-type',
  ],
  'a leaf must say what its key may do': ['rfc5280::no-keyusage'],
  'RSA by PKCS #1 v1.5 is for the authorities of TPMs alone': ['webpki::cryptographydotio-chain'],
  'how long a chain is, its roles say': [
    'pathlen::max-chain-depth-0-exhausted',
    'pathlen::max-chain-depth-1-exhausted',
  ],
  'an authority key identifier is compared where there is one': [
    'rfc5280::aki::leaf-missing-aki',
    'rfc5280::aki::cross-signed-root-missing-aki',
    'webpki::aki::root-with-aki-missing-keyidentifier',
    'webpki::aki::root-with-aki-authoritycertissuer',
    'webpki::aki::root-with-aki-authoritycertserialnumber',
    'webpki::aki::root-with-aki-all-fields',
  ],
  'extensions that are neither known nor critical are not read': [
    'rfc5280::nc::permitted-dns-match-noncritical',
    'webpki::eku::ee-anyeku',
    'webpki::eku::root-has-eku',
    'webpki::malformed-aia',
  ],
  'basic constraints count, critical or not': ['rfc5280::root-non-critical-basic-constraints'],
  'which names are right, roles say': ['rfc5280::ee-empty-issuer', 'rfc5280::san::noncritical-with-empty-subject'],
  'no host is certified': [
    'webpki::san::mismatch-domain-san',
    'webpki::san::mismatch-subdomain-san',
    'webpki::san::mismatch-subdomain-apex-san',
    'webpki::san::wildcard-not-in-leftmost-san',
    'webpki::san::wildcard-match-across-labels-san',
    'webpki::san::wildcard-embedded-ulabel-san',
    'webpki::san::unicode-emoji-san',
    'webpki::san::no-san',
  ],
}

/** Where a case names no time, its certificates are valid for centuries. */
const ANY_TIME = '2024-01-01T00:00:00Z'

type Case = (typeof limbo.testcases)[number]

/** The chain as endorsements have it: lowest first, its last certificate one that is trusted. */
function chainOf({ peer_certificate, untrusted_intermediates, trusted_certs }: Case): readonly Certificate[] {
  const parse = (pem: string): Certificate => parseCertificate('limbo', parsePemCertificates('limbo', pem, 1)[0])
  const trusted = trusted_certs.map(parse)
  const known = [...untrusted_intermediates.map(parse), ...trusted]
  const chain = [parse(peer_certificate)]
  for (;;) {
    const below = chain.at(-1)
    const next = known.find(
      ({ subject, der }) => subject.raw === below?.issuer.raw && !chain.some((c) => c.der === der),
    )
    if (next === undefined) break
    chain.push(next)
    if (trusted.includes(next)) return chain
  }
  return [...chain, ...trusted.slice(0, 1)]
}

async function answer(limboCase: Case): Promise<'SUCCESS' | 'FAILURE'> {
  try {
    const now = unixSeconds(Date.parse(limboCase.validation_time ?? ANY_TIME) / 1000)
    await verifyChain(chainOf(limboCase), 'end-entity', now)
    return 'SUCCESS'
  } catch (error) {
    // Anything else is no refusal but a fault.
    if (!isVerifierError(error) && !isMalformedError(error)) throw error
    return 'FAILURE'
  }
}

describe('a chain of x509-limbo', () => {
  const reasonOf = (id: string): string | undefined =>
    Object.keys(DIFFERENT).find((reason) => DIFFERENT[reason]?.includes(id) === true)
  for (const limboCase of limbo.testcases) {
    const { id, expected_result: expected } = limboCase
    const reason = reasonOf(id)
    if (reason === undefined) test(`${id}: ${expected}`, async () => expect(await answer(limboCase)).toBe(expected))
    else {
      test(`${id} is judged otherwise: ${reason}`, async () => {
        expect(await answer(limboCase)).toBe(expected === 'SUCCESS' ? 'FAILURE' : 'SUCCESS')
      })
    }
  }
  test('is one of 75, and every difference is of one of them', () => {
    const ids = limbo.testcases.map(({ id }) => id)
    expect(ids).toHaveLength(75)
    expect(ids).toEqual(expect.arrayContaining(Object.values(DIFFERENT).flat()))
  })
})
