import { isMalformedError } from '@blindai/core'
import { encodeInferRequest, isProtocolError, parseInferRequest } from '@blindai/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { requests } from './arbitraries.ts'
import { thrownBy } from './requests.ts'

describe('whatever is done to a request', () => {
  test('each truncation is refused', () => {
    fc.assert(
      fc.property(requests, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (request, part) => {
        const { body, headerLength } = encodeInferRequest(request, { binary: true })
        const cut = body.subarray(0, Math.floor(body.byteLength * part))
        expectRefusal(() => parseInferRequest(cut, headerLength))
      }),
    )
  })

  test('each byte that trails binary data is refused', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const { body, headerLength } = encodeInferRequest(request, { binary: true })
        const longer = new Uint8Array([...body, 0])
        expectRefusal(() => parseInferRequest(longer, headerLength))
      }),
    )
  })

  test('a changed byte gives a request or a refusal, never another error', () => {
    fc.assert(
      fc.property(requests, fc.nat(), fc.integer({ min: 1, max: 255 }), (request, place, flip) => {
        const { body, headerLength } = encodeInferRequest(request, { binary: true })
        const changed = body.map((byte, index) => (index === place % body.byteLength ? byte ^ flip : byte))
        try {
          parseInferRequest(changed, headerLength)
        } catch (error) {
          expect(isMalformedError(error) || isProtocolError(error)).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })
})

function expectRefusal(work: () => unknown): void {
  const error = thrownBy(work)
  expect(isMalformedError(error) || isProtocolError(error)).toBe(true)
}
