import { writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { createCertificateAuthority } from '../../client/test/certificates.node.ts'
import { openEndorsementFetcher } from '../src/index.ts'
import { answer, FAULTS, type Fault } from './support/fake-service.ts'
import { authority, makeFolder, NEEDS, NOW, open, rejection } from './support/setting.ts'

/** Fails so often, then answers. */
function failing(times: number, fault: Fault): Fault {
  let left = times
  return (response, served) => (left-- > 0 ? fault(response, served) : answer(response, served))
}

describe('another attempt', () => {
  test('comes after a part of a doubling time, and succeeds when the service is back', async () => {
    const { fetcher, service, pace, events } = await open()
    service.break('/tcb?', failing(2, FAULTS.status(500)))
    expect(await fetcher.fetch(NEEDS)).toEqual(authority.endorsements)
    // Half of 500 ms, then of 1000 ms: the dice says one half.
    expect(pace.waits).toEqual([250, 500])
    expect(events.filter(({ event }) => event === 'endorsement-failed')).toEqual([])
  })

  test.each([
    ['429 in seconds', 429, '2'],
    ['503 in seconds', 503, '2'],
    ['a date', 503, new Date((NOW + 2) * 1000).toUTCString()],
  ])('waits at least as long as %s asks', async (_, status, retryAfter) => {
    const { fetcher, service, pace } = await open()
    service.break('/tcb?', failing(1, FAULTS.status(status, { 'retry-after': retryAfter })))
    expect(await fetcher.fetch(NEEDS)).toEqual(authority.endorsements)
    expect(pace.waits).toEqual([2250])
  })

  test('does not come to a service that wants to be left alone for long, nor does any other request', async () => {
    const { fetcher, service, pace } = await open()
    service.break('/tcb?', FAULTS.status(429, { 'retry-after': '600' }))
    expect(await rejection(fetcher.fetch(NEEDS))).toMatchObject({
      code: 'SERVICE_BUSY',
      details: { status: 429, retryAfterSeconds: 600 },
    })
    expect(pace.waits).toEqual([])
    service.break('/tcb?', undefined)
    const { length } = service.asked
    pace.advance(599)
    expect(await rejection(fetcher.fetch({ ...NEEDS, fmspc: 'b11da1000001' }))).toMatchObject({
      code: 'SERVICE_BUSY',
      details: { retryAfterSeconds: 1 },
    })
    expect(service.asked).toHaveLength(length)
    pace.advance(60)
    expect(await fetcher.fetch(NEEDS)).toEqual(authority.endorsements)
  })

  test.each(['soon', '', '-5', '99999999999'])('is not put off for ever by Retry-After "%s"', async (retryAfter) => {
    const { fetcher, service } = await open()
    service.break('/tcb?', FAULTS.status(503, { 'retry-after': retryAfter }))
    const error = await rejection(fetcher.fetch(NEEDS))
    expect(error).toMatchObject({ code: 'SERVICE_BUSY', details: { retryAfterSeconds: 30 } })
  })

  test('is not put off for more than a day by the longest Retry-After', async () => {
    const { fetcher, service } = await open()
    service.break('/tcb?', FAULTS.status(503, { 'retry-after': '999999999' }))
    expect(await rejection(fetcher.fetch(NEEDS))).toMatchObject({ details: { retryAfterSeconds: 86_400 } })
  })
})

describe('a caller', () => {
  test('that gives up hears its own reason, and the others get theirs', async () => {
    const { fetcher, service } = await open()
    let release: (() => void) | undefined
    service.break('/tcb?', (response, served) => {
      release = () => answer(response, served)
    })
    const gone = new AbortController()
    const first = rejection(fetcher.fetch(NEEDS, { signal: gone.signal }))
    const second = fetcher.fetch(NEEDS)
    await expect.poll(() => release).toBeDefined()
    gone.abort(new Error('enough'))
    expect(await first).toEqual(new Error('enough'))
    release?.()
    expect(await second).toEqual(authority.endorsements)
    expect(service.asked).toHaveLength(4)
  })

  test('that has given up already asks nothing', async () => {
    const { fetcher, service } = await open()
    expect(await rejection(fetcher.fetch(NEEDS, { signal: AbortSignal.abort(new Error('before')) }))).toEqual(
      new Error('before'),
    )
    expect(service.asked).toEqual([])
  })

  test('hears FETCHER_CLOSED when the fetcher is closed, at once and later', async () => {
    const { fetcher, service, events } = await open()
    service.break('/tcb?', FAULTS.silent)
    const waiting = rejection(fetcher.fetch(NEEDS))
    await expect.poll(() => service.asked).toHaveLength(4)
    await fetcher.close()
    expect(await waiting).toMatchObject({ code: 'FETCHER_CLOSED' })
    expect(await rejection(fetcher.fetch({ ...NEEDS, fmspc: '000000000000' }))).toMatchObject({
      code: 'FETCHER_CLOSED',
    })
    expect(events.filter(({ event }) => event === 'endorsement-failed')).toEqual([])
  })
})

describe('a service over TLS', () => {
  const issuer = createCertificateAuthority('an authority of a test')

  test('is refused when nobody known vouches for it, whatever the environment says', async () => {
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    try {
      const { fetcher } = await open({ tls: issuer.issue('localhost', '127.0.0.1') })
      expect(await rejection(fetcher.fetch(NEEDS))).toMatchObject({ code: 'SERVICE_UNREACHABLE' })
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
    }
  })

  test('is taken when the authority that the settings name vouches for it', async () => {
    const caFile = `${await makeFolder()}/ca.pem`
    await writeFile(caFile, issuer.root)
    const { fetcher } = await open({ tls: issuer.issue('localhost', '127.0.0.1'), settings: { caFile } })
    expect(await fetcher.fetch(NEEDS)).toEqual(authority.endorsements)
  })

  test('is not asked when the file of its authority cannot be read', async () => {
    const settings = { intel: { url: 'https://127.0.0.1:1', caFile: '/does/not/exist.pem' } }
    expect(await rejection(openEndorsementFetcher(settings))).toMatchObject({ code: 'ENOENT' })
  })
})
