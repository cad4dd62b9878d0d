import { fromHex, toHex } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { DEVICE_ROLES, RIM_ROLES, verifyNvidiaChain } from '../src/formats/nvidia/chains.ts'
import { verifyDeviceIdentity } from '../src/formats/nvidia/device-identity.ts'
import { parseNvidiaEndorsements } from '../src/formats/nvidia/endorsements.ts'
import { claimsOf } from '../src/formats/nvidia/nvidia-claims-of.ts'
import { parseNvidiaReport } from '../src/formats/nvidia/report.ts'
import type { Certificate } from '../src/x509/certificate.ts'
import { pem } from './support/captures.ts'
import { type DerNode, derTree, followed, NULL, refusalOf, variants, written } from './support/der-tree.ts'
import { nvidiaCapture } from './support/nvidia-captures.ts'

const error = (code: string, details: object): object =>
  expect.objectContaining({ code, details: expect.objectContaining(details) })
const { report: bytes, endorsements, now } = nvidiaCapture('a GPU of its reference versions')
const report = parseNvidiaReport(bytes)
const parts = parseNvidiaEndorsements(endorsements)
const { deviceChain, driverRim } = parts
const [leaf, device = leaf] = deviceChain

describe('the roles of NVIDIA’s certificates', () => {
  const named = (names: readonly string[]): readonly Certificate[] =>
    names.map((commonName) => ({ ...leaf, subject: { ...leaf.subject, commonName } }))
  const DEVICE = [
    'GH100 A01 GSP FMC LF',
    'GH100 B27 GSP BROM',
    'NVIDIA GH100 Provisioner ICA 1',
    'NVIDIA GH100 Identity',
  ]
  const RIM = ['HCC RIM L4 Signer', 'NVIDIA Reference Value L3 GH100 001', 'NVIDIA Reference Value GH100 CA']
  const ROLES = [
    'GH100 … GSP FMC LF',
    'GH100 … GSP BROM',
    'NVIDIA GH100 Provisioner ICA …',
    'NVIDIA GH100 Identity',
    'HCC RIM L4 Signer',
    'NVIDIA Reference Value L3 GH100 …',
    'NVIDIA Reference Value GH100 CA',
  ]
  const CHAINS = [
    { roles: DEVICE_ROLES, names: DEVICE },
    { roles: RIM_ROLES, names: RIM },
  ]
  test('have their names, and those in errors', () => {
    expect([...DEVICE_ROLES, ...RIM_ROLES].map(({ role }) => role)).toEqual(ROLES)
    for (const { roles, names } of CHAINS)
      expect(roles.map((role, i) => role.names.test(names[i] ?? ''))).not.toContain(false)
    expect(DEVICE_ROLES[2]?.names.test('NVIDIA GH100 Provisioner ICA 123')).toBe(true)
  })
  for (const { roles, names } of CHAINS) {
    for (const [position, name] of names.entries()) {
      const role = roles[position]?.role ?? ''
      // A letter or digit more at either end, and every digit and letter of a number replaced by one of the other kind.
      const wrong = [
        `x${name}`,
        `${name}x`,
        `x ${name}`,
        `${name} x`,
        ...[...name.matchAll(/\d/g)].map(({ index }) => `${name.slice(0, index)}x${name.slice(index + 1)}`),
      ]
      if (role.startsWith('GH100')) wrong.push(name.replace('GH100 A', 'GH100 a').replace('GH100 B', 'GH100 0'))
      if (role.endsWith('…')) wrong.push(`${name}0000`)
      test(`${name}: no other name will do`, async () => {
        for (const other of wrong) {
          const certificates = named([...names.map((one, i) => (i === position ? other : one)), 'root'])
          await expect(verifyNvidiaChain('chain', certificates, roles, now), other).rejects.toEqual(
            error('CERTIFICATE_ROLE_MISMATCH', { chain: 'chain', position, expected: role, actual: other }),
          )
        }
      })
    }
  }
  test('are as many as the chain has certificates below its root', async () => {
    for (const count of [3, 5]) {
      await expect(
        verifyNvidiaChain(
          'chain',
          named(DEVICE)
            .concat(named(['root']))
            .slice(0, count - 1),
          DEVICE_ROLES,
          now,
        ),
      ).rejects.toEqual(error('CHAIN_LENGTH_WRONG', { chain: 'chain', expected: 5, actual: count - 1 }))
    }
  })
})

/** Source: TCG DICE Attestation Architecture, as NVIDIA's certificates have it. */
const OID = '2.23.133.5.4.1'
const identity = derTree(leaf.extensions.get(OID)?.value ?? new Uint8Array())
const fwid = report.opaque.fwid ?? ''
const verifying = (node: DerNode) => () => {
  const extensions = new Map([...leaf.extensions, [OID, { critical: false, value: written(node) }]])
  verifyDeviceIdentity(fwid, { ...leaf, field: 'L', extensions }, device)
}
const FIELD = 'L device identifier value'

describe('the device identifier of a certificate', () => {
  test('is of the firmware and of the device', () => expect(verifying(identity)).not.toThrow())
  test('names each part that has another tag', () => {
    const found = [...variants(identity, () => ({ ...NULL, tag: 0x1e }))].map((one) => refusalOf(verifying(one)))
    expect([...new Set(found)]).toEqual([
      `${FIELD}: version with the tag 0x02`,
      `${FIELD}: deviceID with the tag 0x30`,
      `${FIELD} deviceID: algorithm with the tag 0x30`,
      `${FIELD} deviceID algorithm: algorithm with the tag 0x06`,
      `${FIELD} deviceID algorithm: curve with the tag 0x06`,
      `${FIELD} deviceID: point with the tag 0x03`,
      `${FIELD}: fwid with the tag 0x30`,
      `${FIELD} fwid: hashAlg with the tag 0x06`,
      `${FIELD} fwid: digest with the tag 0x04`,
    ])
    expect(refusalOf(verifying(NULL))).toBe('L device identifier: value with the tag 0x30')
  })
  test('has nothing more in any of its parts', () => {
    const found = [...variants(identity, followed), followed(identity) ?? NULL].map((one) => refusalOf(verifying(one)))
    expect(found.length).toBe(4)
    for (const refusal of found) expect(refusal).toMatch(/: the end$/)
    const twice = (): void => {
      const value = Uint8Array.from([...written(identity), 5, 0])
      verifyDeviceIdentity(
        fwid,
        { ...leaf, field: 'L', extensions: new Map([[OID, { critical: false, value }]]) },
        device,
      )
    }
    expect(refusalOf(twice)).toBe('L device identifier: the end')
  })
  test('is of version 1, with SHA-384', () => {
    const [version = NULL, key = NULL, firmware] = identity.parts ?? []
    const [hash = NULL, digest = NULL] = firmware?.parts ?? []
    const sequence = (...nodes: readonly DerNode[]): DerNode => ({ ...identity, parts: nodes })
    const two: DerNode = { tag: 2, content: Uint8Array.of(2), parts: undefined }
    const sha256: DerNode = { ...hash, content: fromHex('oid', '608648016503040201') }
    const expected = 'version 1 and 2.16.840.1.101.3.4.2.2'
    expect(verifying(sequence(two, key, sequence(hash, digest)))).toThrow(
      error('UNSUPPORTED_VALUE', { field: FIELD, expected, actual: '2 and 2.16.840.1.101.3.4.2.2' }),
    )
    expect(verifying(sequence(version, key, sequence(sha256, digest)))).toThrow(
      error('UNSUPPORTED_VALUE', { field: FIELD, expected, actual: '1 and 2.16.840.1.101.3.4.2.1' }),
    )
  })
  test('is refused when it is of another device, of other firmware, or none', () => {
    const subject = leaf.subject.commonName
    expect(() => verifyDeviceIdentity(fwid, leaf, leaf)).toThrow(error('NVIDIA_DEVICE_KEY_MISMATCH', { subject }))
    const other = '00'.repeat(48)
    expect(() => verifyDeviceIdentity(other, leaf, device)).toThrow(
      error('NVIDIA_FWID_MISMATCH', { expected: other, actual: fwid }),
    )
    expect(() => verifyDeviceIdentity(fwid, { ...leaf, extensions: new Map() }, device)).toThrow(
      error('EXTENSION_MISSING', { field: leaf.field, oid: OID }),
    )
  })
})

describe('endorsements of a GPU', () => {
  const parse = (members: object): unknown => parseNvidiaEndorsements({ ...endorsements, ...members })
  test('name the part that is none', () => {
    const [first] = deviceChain
    const cut = first.der.slice(0, -1)
    expect(() => parse({ deviceChain: 'none' })).toThrow(error('NOT_PEM', { field: 'device chain' }))
    expect(() => parse({ deviceChain: pem(cut, first.der) })).toThrow(error('NOT_DER', { field: 'device chain[0]' }))
    expect(() => parse({ deviceChain: pem(first.der, cut) })).toThrow(error('NOT_DER', { field: 'device chain[1]' }))
    expect(() => parse({ driverRim: '' })).toThrow(error('NOT_XML', { field: 'driver RIM' }))
    expect(() => parse({ vbiosRim: '' })).toThrow(error('NOT_XML', { field: 'VBIOS RIM' }))
    expect(() => parse({ ocsp: ['AAAA'] })).toThrow(error('NOT_DER', { field: 'OCSP response 0' }))
  })
  test('have responses of at most 8,192 bytes', () => {
    const limit = Math.ceil((8192 * 4) / 3)
    expect(() => parse({ ocsp: ['A'.repeat(limit + 1)] })).toThrow(
      error('TOO_LONG', { field: 'endorsements.ocsp[0]', length: limit + 1, limit }),
    )
  })
})

describe('the claims of a report', () => {
  test('name the device by its certificate', () => {
    const source = { format: 'nvidia', report, deviceChain, rootSha256: 'a', rimRootSha256: 'b' } as const
    expect(claimsOf({ ...source, unknown: leaf })).toMatchObject({
      architecture: 'Hopper',
      hardwareModel: device.subject.commonName,
      deviceSerial: device.serial,
      reportData: toHex(report.nonce),
      revocation: 'incomplete',
    })
    expect(driverRim.field).toBe('driver RIM')
  })
})
