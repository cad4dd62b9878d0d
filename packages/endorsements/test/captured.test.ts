import { endorsementsNeeded, parsePolicy, verifyEvidence } from '@blindai/verifier'
import { describe, expect, test } from 'vitest'
import { type Capture, captures, sgxCaptures } from '../../verifier/test/support/captures.ts'
import { serveDcap } from './support/fake-service.ts'
import { open, rejection } from './support/setting.ts'

/** Those that are about something else than what a service hands out for the quote at its time. */
const isCurrent = ({ expect: { code } }: Capture): boolean =>
  !['ENDORSEMENT_EXPIRED', 'ENDORSEMENT_NOT_YET_VALID', 'PCK_ISSUER_MISMATCH', 'TRAILING_BYTES'].includes(String(code))
const lastSecond = ({ name }: Capture): boolean => name.includes('last second')

describe('endorsements that Intel served for a real quote', () => {
  for (const [format, list] of [
    ['tdx', captures],
    ['sgx', sgxCaptures],
  ] as const) {
    for (const { name, quote, endorsements, now, policy, expect: expected } of list.filter(
      (one) => isCurrent(one) && !lastSecond(one),
    )) {
      test(`come through byte by byte, and its judgement is the one that is known: ${format}, ${name}`, async () => {
        const needs = endorsementsNeeded({ format, bytes: quote })
        if (needs?.technology !== 'dcap') throw new Error('a quote needs endorsements of Intel')
        const { fetcher, service, pace } = await open()
        pace.now = now
        serveDcap(service, endorsements, needs)
        const fetched = await fetcher.fetch(needs)
        expect(fetched).toEqual(endorsements)
        const result = await verifyEvidence({ format, bytes: quote, endorsements: fetched }, parsePolicy(policy), {
          now,
        })
        expect({ status: result.status, code: result.failed?.error?.code }).toEqual({
          status: expected.status,
          code: expected.code,
        })
      })
    }
  }

  test('are not served in their last second any more', async () => {
    const capture = sgxCaptures.find(lastSecond)
    if (capture === undefined) throw new Error('no such capture')
    const needs = endorsementsNeeded({ format: 'sgx', bytes: capture.quote })
    if (needs?.technology !== 'dcap') throw new Error('a quote needs endorsements of Intel')
    const { fetcher, service, pace } = await open()
    pace.now = capture.now
    serveDcap(service, capture.endorsements, needs)
    expect(await rejection(fetcher.fetch(needs))).toMatchObject({ code: 'ENDORSEMENT_STALE' })
  })
})
