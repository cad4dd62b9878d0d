import { describe, expect, test } from 'vitest'
import { explainTpmLog } from '../src/formats/tpm/event-log.ts'
import { uefiDisk } from './support/tpm-captures.ts'

const { log = new Uint8Array(), values } = uefiDisk

describe('the log of a boot', () => {
  const unexplained = async (pcr: number, value: Uint8Array): Promise<readonly string[]> =>
    (await explainTpmLog(new Map([['SHA-256', new Map([...values, [pcr, value]])]]), log)).unexplained
  test('says nothing of some registers, which are named, but for those that hold nothing yet', async () => {
    const none = await unexplained(23, new Uint8Array(32))
    expect(none).toContain('sha256 PCR 10')
    expect(none).not.toContain('sha256 PCR 23')
    expect(await unexplained(23, new Uint8Array(32).fill(0xff))).toEqual(none)
  })
  test('says nothing of one that holds anything but zeros or ones alone, which is named', async () => {
    for (const [at, fill, byte] of [
      [0, 0x00, 0xff],
      [31, 0x00, 0xff],
      [0, 0xff, 0x00],
      [31, 0xff, 0xfe],
    ] as const) {
      const value = new Uint8Array(32).fill(fill).map((old, i) => (i === at ? byte : old))
      expect(await unexplained(23, value)).toContain('sha256 PCR 23')
    }
  })
})
