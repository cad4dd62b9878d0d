import { type EvidenceSource, toHex } from '@blindai/core'
import {
  createMockAuthority,
  createMockSnpAuthority,
  MOCK_ENCLAVE,
  MOCK_MEASUREMENTS,
  MOCK_SNP_MEASUREMENT,
  type MockSnpOptions,
} from '@blindai/simulator'
import { describe, expect, test } from 'vitest'
import { endorsed } from '../src/index.ts'
import { attest, bare, endorsementsOf, judge, NONCE } from './support/attested.ts'
import { FAULTS, serveDcap, serveSnp } from './support/fake-service.ts'
import { authority, DAY, NEEDS, NOW, open, rejection } from './support/setting.ts'

const TDX = { measurements: { ...MOCK_MEASUREMENTS } }

describe('a document of a device whose endorsements are fetched', () => {
  test('is affirmed for TDX, with every byte as the service sent it', async () => {
    const { fetcher, service, pace } = await open()
    const attester = await attest(endorsed(bare(authority.source()), fetcher), pace.clock)
    const document = await attester.document(NONCE)
    expect(await judge(document, authority.rootSha256, TDX)).toMatchObject({ status: 'affirming', freshness: 'nonce' })
    expect(endorsementsOf(document)).toEqual(authority.endorsements)
    expect([...service.asked].sort()).toEqual([
      '/sgx/certification/v4/pckcrl?ca=platform&encoding=der',
      '/sgx/certification/v4/rootcacrl',
      '/tdx/certification/v4/qe/identity',
      '/tdx/certification/v4/tcb?fmspc=b11da1000000',
    ])
    await attester.document(NONCE)
    expect(service.asked).toHaveLength(4)
  })

  test('is affirmed for SGX, from the SGX paths of the service', async () => {
    const { fetcher, service, pace } = await open()
    serveDcap(service, authority.endorseSgx(NOW), { ...NEEDS, tee: 'sgx' })
    const attester = await attest(endorsed(bare(authority.sgxSource()), fetcher), pace.clock)
    const { mrEnclave, mrSigner, isvProdId, isvSvn: minimumIsvSvn } = MOCK_ENCLAVE
    const references = { sgxMeasurements: { mrEnclave, mrSigner, isvProdId, minimumIsvSvn } }
    expect(await judge(await attester.document(NONCE), authority.rootSha256, references)).toMatchObject({
      status: 'affirming',
    })
    expect(service.asked).toContain('/sgx/certification/v4/tcb?fmspc=b11da1000000')
    expect(service.asked).toContain('/sgx/certification/v4/qe/identity')
  })

  test.each([
    [{ update: 'early' }, '&update=early'],
    [{ tcbEvaluationDataNumber: 21 }, '&tcbEvaluationDataNumber=21'],
  ] as const)('is asked for with the TCB recovery %o of the settings', async (settings, more) => {
    const { fetcher, service, pace } = await open({ settings })
    serveDcap(service, authority.endorsements, { ...NEEDS, more })
    const attester = await attest(endorsed(bare(authority.source()), fetcher), pace.clock)
    expect(await judge(await attester.document(NONCE), authority.rootSha256, TDX)).toMatchObject({
      status: 'affirming',
    })
    expect(service.asked).toContain(`/tdx/certification/v4/tcb?fmspc=b11da1000000${more}`)
    expect(service.asked).toContain(`/tdx/certification/v4/qe/identity?${more.slice(1)}`)
  })

  test('takes the list of the root from where the settings say', async () => {
    const { service, pace, settings } = await open()
    const other = await open({ settings: { ...settings.intel, rootCrlUrl: `${service.url}/IntelSGXRootCA.der` } })
    const attester = await attest(endorsed(bare(authority.source()), other.fetcher), pace.clock)
    expect(await judge(await attester.document(NONCE), authority.rootSha256, TDX)).toMatchObject({
      status: 'affirming',
    })
    expect(service.asked).toContain('/IntelSGXRootCA.der')
  })

  test('is refused by name when the service signs with a key that the root did not certify', async () => {
    const { fetcher, service, pace } = await open()
    const forger = createMockAuthority({ now: NOW })
    serveDcap(service, { ...authority.endorsements, tcbInfo: forger.endorsements.tcbInfo }, NEEDS)
    const attester = await attest(endorsed(bare(authority.source()), fetcher), pace.clock)
    const result = await judge(await attester.document(NONCE), authority.rootSha256, TDX)
    expect(result.failed).toMatchObject({ error: { code: 'TCB_INFO_SIGNATURE_INVALID' } })
  })

  test('is affirmed a month later too, and the old one is not', async () => {
    const { fetcher, service, pace, happened, events } = await open()
    const attester = await attest(endorsed(bare(authority.source()), fetcher), pace.clock)
    const old = await attester.document(NONCE)
    pace.advance(29 * DAY)
    serveDcap(service, authority.endorse(pace.now), NEEDS)
    events.length = 0
    await attester.document(NONCE)
    for (const name of ['TCB info', 'QE identity', 'PCK CRL', 'root CRL']) await happened('endorsement-fetched', name)
    pace.advance(2 * DAY)
    expect(await judge(await attester.document(NONCE), authority.rootSha256, TDX, pace.now)).toMatchObject({
      status: 'affirming',
    })
    const late = await judge(old, authority.rootSha256, TDX, pace.now)
    expect(late.failed).toMatchObject({ error: { code: 'ENDORSEMENT_EXPIRED' } })
  })

  test('cannot be made when there are none, and names the cause', async () => {
    const { fetcher, service, pace } = await open()
    service.break('/tcb?', FAULTS.status(404))
    expect(await rejection(attest(endorsed(bare(authority.source()), fetcher), pace.clock))).toMatchObject({
      code: 'EVIDENCE_UNAVAILABLE',
      cause: { code: 'ENDORSEMENT_NOT_FOUND' },
    })
  })

  test('carries those of the device itself when the service fails', async () => {
    const { fetcher, service, pace } = await open()
    service.break('/', FAULTS.status(404))
    const attester = await attest(endorsed(authority.source(), fetcher), pace.clock)
    expect(await judge(await attester.document(NONCE), authority.rootSha256, TDX)).toMatchObject({
      status: 'affirming',
    })
  })

  test('of a format that no service endorses keeps what its device gives', async () => {
    const { fetcher, service } = await open()
    const device: EvidenceSource = {
      format: 'tpm',
      collect: async () => ({ bytes: new Uint8Array(3) }),
      endorsements: async () => authority.endorsements,
    }
    const source = endorsed(device, fetcher)
    expect(await source.collect(new Uint8Array(64))).toEqual({ bytes: new Uint8Array(3) })
    expect(await source.endorsements()).toBe(authority.endorsements)
    expect(service.asked).toEqual([])
  })

  test('asks the device for evidence when endorsements are wanted before any', async () => {
    const { fetcher } = await open()
    expect(await endorsed(bare(authority.source()), fetcher).endorsements()).toEqual(authority.endorsements)
  })
})

const snp = createMockSnpAuthority({ now: NOW })

/** Another authority with the keys of the first, which take seconds to make. */
function snpAuthority(options: Omit<MockSnpOptions, 'now' | 'keys'>): ReturnType<typeof createMockSnpAuthority> {
  return createMockSnpAuthority({ now: NOW, keys: snp.keys, ...options })
}

const SNP = { sevSnpMeasurements: { measurement: MOCK_SNP_MEASUREMENT } }
const CHIP = toHex(Uint8Array.from({ length: 64 }, (_, i) => 0xb1 ^ i))
const MILAN_LEAF = `${CHIP}?blSPL=4&teeSPL=0&snpSPL=29&ucodeSPL=219`

describe('a document of an SEV-SNP guest whose endorsements are fetched', () => {
  test.each([
    ['Milan', MILAN_LEAF],
    ['Genoa', MILAN_LEAF],
    ['Turin', `${CHIP.slice(0, 16)}?fmcSPL=1&blSPL=4&teeSPL=0&snpSPL=29&ucodeSPL=219`],
  ] as const)('is affirmed on %s', async (product, leaf) => {
    const maker = snpAuthority({ product })
    const { fetcher, service, pace } = await open()
    serveSnp(service, maker.endorsements, product, leaf)
    const attester = await attest(endorsed(bare(maker.source()), fetcher), pace.clock)
    const document = await attester.document(NONCE)
    expect(await judge(document, maker.rootSha256, SNP)).toMatchObject({ status: 'affirming' })
    expect(endorsementsOf(document)).toEqual(maker.endorsements)
    expect(service.asked.sort()).toEqual(
      [`/vcek/v1/${product}/${leaf}`, `/vcek/v1/${product}/cert_chain`, `/vcek/v1/${product}/crl`].sort(),
    )
  })

  test('finds the product that a report of version 2 does not name', async () => {
    const maker = snpAuthority({ product: 'Genoa', version: 2 })
    const { fetcher, service, pace } = await open()
    serveSnp(service, maker.endorsements, 'Genoa', MILAN_LEAF)
    const attester = await attest(endorsed(bare(maker.source()), fetcher), pace.clock)
    expect(await judge(await attester.document(NONCE), maker.rootSha256, SNP)).toMatchObject({ status: 'affirming' })
    expect(service.asked.slice(0, 2)).toEqual([`/vcek/v1/Milan/${MILAN_LEAF}`, `/vcek/v1/Genoa/${MILAN_LEAF}`])
  })

  test('says of a chip that no product has that there is none', async () => {
    const maker = snpAuthority({ version: 2 })
    const { fetcher, pace } = await open()
    expect(await rejection(attest(endorsed(bare(maker.source()), fetcher), pace.clock))).toMatchObject({
      cause: { code: 'ENDORSEMENT_NOT_FOUND', details: { status: 404 } },
    })
  })

  test.each(['Milan', 'Genoa'] as const)(
    'by a lent key takes the certificate from the host, the rest for %s from the service',
    async (product) => {
      const maker = snpAuthority({ product, signingKey: 'VLEK', version: 2 })
      const { fetcher, service, pace } = await open()
      serveSnp(service, maker.endorsements, product, '')
      const { vlek = '' } = maker.endorsements
      const host: EvidenceSource = { ...maker.source(), endorsements: async () => ({ type: 'snp', vlek, chain: '' }) }
      const source = endorsed(host, fetcher)
      const attester = await attest(source, pace.clock)
      const document = await attester.document(NONCE)
      expect(endorsementsOf(document)).toEqual(maker.endorsements)
      const lent = { sevSnp: { signingKeys: ['VLEK'] } }
      expect(await judge(document, maker.rootSha256, SNP, NOW, lent)).toMatchObject({ status: 'affirming' })
      expect(service.asked.sort()).toEqual([`/vlek/v1/${product}/cert_chain`, `/vlek/v1/${product}/crl`])
    },
  )

  test('by a lent key that the host does not show is refused', async () => {
    const maker = snpAuthority({ signingKey: 'VLEK' })
    const { fetcher, pace } = await open()
    expect(await rejection(attest(endorsed(bare(maker.source()), fetcher), pace.clock))).toMatchObject({
      cause: { code: 'LENT_KEY_NOT_GIVEN', details: { product: 'Milan' } },
    })
  })

  test('gets another certificate at once when the firmware was updated in the meantime', async () => {
    const before = snpAuthority({})
    const after = snpAuthority({
      arkCertificate: before.certificates.ark,
      changes: { platform: (p) => ({ ...p, certified: { ...p.certified, snp: 0x1e } }) },
    })
    const { fetcher, service, pace } = await open()
    serveSnp(service, before.endorsements, 'Milan', MILAN_LEAF)
    let running = before
    const device: EvidenceSource = {
      ...bare(before.source()),
      collect: async (data) => ({ bytes: running.report(data) }),
    }
    const attester = await attest(endorsed(device, fetcher), pace.clock)
    await attester.document(NONCE)
    running = after
    serveSnp(service, after.endorsements, 'Milan', MILAN_LEAF.replace('snpSPL=29', 'snpSPL=30'))
    expect(await judge(await attester.document(NONCE), before.rootSha256, SNP)).toMatchObject({ status: 'affirming' })
  })
})
