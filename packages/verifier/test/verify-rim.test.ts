import { describe, expect, test } from 'vitest'
import { parseNvidiaEndorsements } from '../src/formats/nvidia/endorsements.ts'
import { parseNvidiaReport } from '../src/formats/nvidia/report.ts'
import { joinRims, verifyRimSignature } from '../src/formats/nvidia/verify-rim.ts'
import { nvidiaCapture } from './support/nvidia-captures.ts'

const { report, endorsements } = nvidiaCapture('a GPU of its reference versions')
const { driverRim, vbiosRim } = parseNvidiaEndorsements(endorsements)
const { opaque } = parseNvidiaReport(report)
const error = (code: string, details: object): unknown => expect.objectContaining({ code, details })

describe('the manifests of a real GPU', () => {
  test('are joined: what either released is what may be measured', () => {
    const released = joinRims(driverRim, vbiosRim, opaque)
    expect(released.size).toBe(driverRim.measurements.size + vbiosRim.measurements.size)
    for (const { measurements } of [driverRim, vbiosRim]) {
      for (const [index, hashes] of measurements) expect(released.get(index), `${index}`).toEqual(hashes)
    }
  })
  test('do not speak of one measurement both', () => {
    const [index = 0] = driverRim.measurements.keys()
    const both = { ...vbiosRim, measurements: new Map([[index, []]]) }
    expect(() => joinRims(driverRim, both, opaque)).toThrow(error('RIM_INDEX_CONFLICT', { index }))
  })
  test('are for its chip and its versions', () => {
    const other = { ...opaque, vbiosVersion: '96.00.9f.00.02' }
    expect(() => joinRims(driverRim, vbiosRim, other)).toThrow(
      error('RIM_VERSION_MISMATCH', { rim: 'VBIOS RIM', expected: '96.00.9f.00.02', actual: vbiosRim.version }),
    )
    expect(() => joinRims({ ...driverRim, product: 'GB100' }, vbiosRim, opaque)).toThrow(
      error('RIM_PRODUCT_MISMATCH', { rim: 'driver RIM', expected: 'GH100', actual: 'GB100' }),
    )
  })
  test('are signed by their signer, and not by each other’s signature', async () => {
    await expect(verifyRimSignature(driverRim)).resolves.toBeUndefined()
    await expect(verifyRimSignature(vbiosRim)).resolves.toBeUndefined()
    await expect(verifyRimSignature({ ...driverRim, signature: vbiosRim.signature })).rejects.toEqual(
      error('RIM_SIGNATURE_INVALID', { rim: 'driver RIM', signer: 'HCC RIM L4 Signer' }),
    )
  })
})
