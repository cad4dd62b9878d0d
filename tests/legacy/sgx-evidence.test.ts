import { createHash, X509Certificate } from 'node:crypto'
import { unixSeconds } from '@blindai/core'
import { parseServerConfig, startServer } from '@blindai/server'
import { createMockAuthority } from '@blindai/simulator'
import { describe, expect, onTestFinished, test } from 'vitest'
import { CborReader } from '../../packages/server/src/legacy/cbor-reader.ts'

async function read<T>(url: string, reading: (reader: CborReader) => Promise<T>): Promise<T> {
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer())
  return reading(
    new CborReader(
      (async function* () {
        yield bytes
      })(),
    ),
  )
}

describe('where evidence is of SGX, clients of BlindAI 0.6', () => {
  test('get a quote over the SHA-256 of the certificate, and collateral of exactly ten members', async () => {
    const authority = createMockAuthority({ now: unixSeconds(1_800_000_000) })
    const source = authority.sgxSource()
    const config = {
      listen: { host: '127.0.0.1', port: 0 },
      tenants: [],
      isolation: 'none',
      legacy: { ports: { attestation: 0, run: 0, management: 0 } },
    }
    const server = await startServer(parseServerConfig(JSON.stringify(config)), {
      evidence: source,
      software: { name: 'blindai', version: '0.1.0', digest: '00'.repeat(32) },
      log: () => undefined,
      engines: { isolation: 'none', missing: [], start: () => Promise.reject(new Error('no model is run here')) },
    })
    onTestFinished(() => server.close())
    const { attestation } = server.legacy ?? { attestation: 'nowhere' }
    const certificate = new X509Certificate(await read(`${attestation}/`, (reader) => reader.bytes('der', 4096)))
    const quote = await read(`${attestation}/quote`, (reader) => reader.bytes('quote', 65_536))
    const reportData = Buffer.concat([createHash('sha256').update(certificate.raw).digest(), Buffer.alloc(32)])
    expect(Buffer.from(quote.subarray(368, 432))).toEqual(reportData)
    const members: Record<string, string | number> = {}
    const texts = [
      ...['pck_crl_issuer_chain', 'root_ca_crl', 'pck_crl', 'tcb_info_issuer_chain', 'tcb_info'],
      ...['qe_identity_issuer_chain', 'qe_identity', 'pck_certificate', 'pck_signing_chain'],
    ]
    const required = Object.fromEntries(['version', ...texts].map((name) => [name, 'required'] as const))
    await read(`${attestation}/collateral`, (reader) =>
      reader.map('collateral', required, async (name) => {
        members[name] = name === 'version' ? await reader.unsigned(name, 9) : await reader.text(name, 65_536)
      }),
    )
    const endorsements = Object(await source.endorsements())
    expect(members).toMatchObject({
      version: 1,
      root_ca_crl: expect.stringMatching(/^-----BEGIN X509 CRL-----/),
    })
    // Signed anew each time it is asked for.
    expect(JSON.parse(String(members.tcb_info)).tcbInfo).toEqual(JSON.parse(endorsements.tcbInfo).tcbInfo)
    expect(JSON.parse(String(members.qe_identity)).enclaveIdentity).toMatchObject({ id: 'QE' })
    const leaf = new X509Certificate(String(members.pck_certificate))
    const issuer = new X509Certificate(String(members.pck_signing_chain))
    expect(leaf.verify(issuer.publicKey)).toBe(true)
    expect(String(members.pck_signing_chain).match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
    const served = await fetch(`${attestation}/quote`)
    expect(served.headers.get('server')).toBe('blindai-mock')
  })
})
