import { utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { openEndorsementFetcher } from '../src/index.ts'
import { FAULTS, type Fault } from './support/fake-service.ts'
import { authority, NEEDS, NOW, open, rejection } from './support/setting.ts'

const html = { headers: { 'content-type': 'text/html' }, body: utf8('<!doctype html><p>Log in to go on</p>') }
const sgx = authority.endorseSgx(NOW)
const chain = encodeURIComponent(authority.endorsements.tcbInfoIssuerChain)

const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n'

/** What a service does wrong at one path, how it is named, and how often it is asked. */
const CASES: readonly {
  readonly why: string
  readonly at: string
  readonly fault: Fault
  readonly code: string
  readonly details?: object
  readonly attempts: 1 | 3
}[] = [
  { why: 'has nothing', at: '/tcb?', fault: FAULTS.status(404), code: 'ENDORSEMENT_NOT_FOUND', attempts: 1 },
  { why: 'has it no more', at: '/tcb?', fault: FAULTS.status(410), code: 'ENDORSEMENT_NOT_FOUND', attempts: 1 },
  {
    why: 'refuses',
    at: '/pckcrl',
    fault: FAULTS.status(400),
    code: 'SERVICE_REFUSED',
    details: { status: 400 },
    attempts: 1,
  },
  { why: 'wants a key', at: '/pckcrl', fault: FAULTS.status(401), code: 'SERVICE_REFUSED', attempts: 1 },
  {
    why: 'fails',
    at: '/rootcacrl',
    fault: FAULTS.status(500),
    code: 'SERVICE_FAILED',
    details: { status: 500 },
    attempts: 3,
  },
  {
    why: 'redirects',
    at: '/tcb?',
    fault: FAULTS.status(302, { location: 'http://127.0.0.1:1/' }),
    code: 'SERVICE_REDIRECTS',
    attempts: 1,
  },
  { why: 'is busy', at: '/tcb?', fault: FAULTS.status(503, { 'retry-after': '1' }), code: 'SERVICE_BUSY', attempts: 3 },
  { why: 'never answers', at: '/tcb?', fault: FAULTS.silent, code: 'SERVICE_TIMED_OUT', attempts: 3 },
  { why: 'stops after a byte', at: '/tcb?', fault: FAULTS.dripping, code: 'SERVICE_TIMED_OUT', attempts: 3 },
  {
    why: 'resets the connection',
    at: '/tcb?',
    fault: FAULTS.reset,
    code: 'SERVICE_UNREACHABLE',
    details: { reason: 'ECONNRESET' },
    attempts: 3,
  },
  { why: 'cuts the body', at: '/tcb?', fault: FAULTS.cut, code: 'RESPONSE_CUT', attempts: 3 },
  { why: 'leaves out the last chunk', at: '/tcb?', fault: FAULTS.cutChunked, code: 'RESPONSE_CUT', attempts: 3 },
  { why: 'announces a gigabyte', at: '/tcb?', fault: FAULTS.hugeAnnounced, code: 'RESPONSE_TOO_LONG', attempts: 1 },
  {
    why: 'sends without end',
    at: '/tcb?',
    fault: FAULTS.endless,
    code: 'RESPONSE_TOO_LONG',
    details: { limit: 262_144 },
    attempts: 1,
  },
  {
    why: 'answers with a page',
    at: '/tcb?',
    fault: FAULTS.with(html),
    code: 'RESPONSE_TYPE_WRONG',
    details: { actual: 'text/html' },
    attempts: 1,
  },
  {
    why: 'compresses',
    at: '/tcb?',
    fault: FAULTS.with({ headers: { 'content-encoding': 'gzip' } }),
    code: 'RESPONSE_TYPE_WRONG',
    details: { actual: 'application/json, encoded' },
    attempts: 1,
  },
  { why: 'changes the protocol', at: '/tcb?', fault: FAULTS.raw(SWITCH), code: 'RESPONSE_CUT', attempts: 3 },
  {
    why: 'speaks no HTTP',
    at: '/tcb?',
    fault: FAULTS.raw('220 smtp.example ESMTP\r\n'),
    code: 'SERVICE_UNREACHABLE',
    attempts: 3,
  },
  {
    why: 'sends more headers than are read',
    at: '/tcb?',
    fault: FAULTS.with({ headers: { 'x-long': 'a'.repeat(40_000) } }),
    code: 'SERVICE_UNREACHABLE',
    details: { reason: 'HPE_HEADER_OVERFLOW' },
    attempts: 3,
  },
  {
    why: 'leaves out the issuer chain of TCB info',
    at: '/tcb?',
    fault: FAULTS.withoutHeader('TCB-Info-Issuer-Chain'),
    code: 'ISSUER_CHAIN_MISSING',
    details: { header: 'TCB-Info-Issuer-Chain', count: 0 },
    attempts: 1,
  },
  {
    why: 'leaves out the issuer chain of the QE identity',
    at: '/qe/identity',
    fault: FAULTS.withoutHeader('SGX-Enclave-Identity-Issuer-Chain'),
    code: 'ISSUER_CHAIN_MISSING',
    attempts: 1,
  },
  {
    why: 'leaves out the issuer chain of the list',
    at: '/pckcrl',
    fault: FAULTS.withoutHeader('SGX-PCK-CRL-Issuer-Chain'),
    code: 'ISSUER_CHAIN_MISSING',
    attempts: 1,
  },
  {
    why: 'gives two issuer chains',
    at: '/tcb?',
    fault: FAULTS.with({ headers: { 'TCB-Info-Issuer-Chain': [chain, chain] } }),
    code: 'ISSUER_CHAIN_MISSING',
    details: { count: 2 },
    attempts: 1,
  },
  {
    why: 'gives an issuer chain that is none',
    at: '/tcb?',
    fault: FAULTS.with({ headers: { 'TCB-Info-Issuer-Chain': 'none' } }),
    code: 'ENDORSEMENT_MALFORMED',
    details: { reason: 'NOT_PEM' },
    attempts: 1,
  },
  {
    why: 'encodes the issuer chain wrongly',
    at: '/tcb?',
    fault: FAULTS.with({ headers: { 'TCB-Info-Issuer-Chain': `${chain}%f` } }),
    code: 'ENDORSEMENT_MALFORMED',
    details: { reason: 'PERCENT_ENCODING' },
    attempts: 1,
  },
  {
    why: 'answers with garbage',
    at: '/tcb?',
    fault: FAULTS.with({ body: new Uint8Array(500).fill(0xa5) }),
    code: 'ENDORSEMENT_MALFORMED',
    details: { reason: 'NOT_UTF8' },
    attempts: 1,
  },
  {
    why: 'answers with JSON of another form',
    at: '/qe/identity',
    fault: FAULTS.with({ body: utf8('{"error":"try later"}') }),
    code: 'ENDORSEMENT_MALFORMED',
    details: { reason: 'WRONG_VALUE' },
    attempts: 1,
  },
  {
    why: 'answers with a list that is none',
    at: '/pckcrl',
    fault: FAULTS.with({ body: utf8('-----BEGIN X509 CRL-----') }),
    code: 'ENDORSEMENT_MALFORMED',
    details: { reason: 'NOT_DER' },
    attempts: 1,
  },
  {
    why: 'answers with a page where a list stands as text',
    at: '/rootcacrl',
    fault: FAULTS.with(html),
    code: 'ENDORSEMENT_MALFORMED',
    attempts: 1,
  },
  {
    why: 'answers for another TEE',
    at: '/tcb?',
    fault: FAULTS.with({ body: utf8(sgx.tcbInfo) }),
    code: 'ENDORSEMENT_MISMATCH',
    details: { field: 'id', expected: 'TDX', actual: 'SGX' },
    attempts: 1,
  },
  {
    why: 'answers with the identity of another quoting enclave',
    at: '/qe/identity',
    fault: FAULTS.with({ body: utf8(sgx.qeIdentity) }),
    code: 'ENDORSEMENT_MISMATCH',
    details: { field: 'id', expected: 'TD_QE', actual: 'QE' },
    attempts: 1,
  },
  {
    why: 'answers for another family of platforms',
    at: '/tcb?',
    fault: FAULTS.with({ body: utf8(authority.endorsements.tcbInfo.replace('B11DA1000000', 'B11DA1000001')) }),
    code: 'ENDORSEMENT_MISMATCH',
    details: { field: 'fmspc', expected: 'b11da1000000', actual: 'b11da1000001' },
    attempts: 1,
  },
]

describe('a service that', () => {
  for (const { why, at, fault, code, details, attempts } of CASES) {
    test(`${why} is refused as ${code}, after ${attempts === 1 ? 'one attempt' : 'three'}`, async () => {
      const { fetcher, service, events } = await open(code === 'SERVICE_TIMED_OUT' ? { timeoutMs: 150 } : {})
      service.break(at, fault)
      const error = await rejection(fetcher.fetch(NEEDS))
      expect(error).toMatchObject({ name: 'EndorsementError', code, ...(details && { details }) })
      expect(service.asked.filter((path) => path.includes(at))).toHaveLength(attempts)
      expect(events).toContainEqual(expect.objectContaining({ event: 'endorsement-failed', code, serves: false }))

      service.break(at, undefined)
      await expect(fetcher.fetch(NEEDS), 'a pause follows').rejects.toBe(error)
    })
  }

  test('is not there is refused as SERVICE_UNREACHABLE', async () => {
    const { fetcher, service } = await open()
    await service.close()
    expect(await rejection(fetcher.fetch(NEEDS))).toMatchObject({
      code: 'SERVICE_UNREACHABLE',
      details: { reason: 'ECONNREFUSED' },
    })
  })

  test('was never named is refused as SERVICE_NOT_CONFIGURED, and nothing is asked', async () => {
    const fetcher = await openEndorsementFetcher({})
    expect(await rejection(fetcher.fetch(NEEDS))).toMatchObject({ code: 'SERVICE_NOT_CONFIGURED' })
    const snp = { technology: 'snp', signingKey: 'VCEK', products: ['Milan'], hwId: '00', tcb: NO_TCB } as const
    expect(await rejection(fetcher.fetch(snp))).toMatchObject({ code: 'SERVICE_NOT_CONFIGURED' })
  })

  test('names a platform in no error and no event', async () => {
    const { fetcher, service, events } = await open()
    const hwId = 'c4'.repeat(64)
    service.break('/vcek', FAULTS.status(400))
    const needs = { technology: 'snp', signingKey: 'VCEK', products: ['Milan'], hwId, tcb: NO_TCB } as const
    const error = await rejection(fetcher.fetch(needs))
    expect(String(error)).toContain('/vcek/v1/Milan/…')
    expect(JSON.stringify([error, String(error), events])).not.toContain('c4c4')
  })
})

const NO_TCB = { bootLoader: 0, tee: 0, snp: 0, microcode: 0 }
