import { describe, expect, test } from 'vitest'
import { canMount, checkDiskFaults, fillDisk } from './disk-faults.ts'
import { isPlanted, isSound } from './lib/report.ts'

const mayMount = canMount()
if (!mayMount && (process.env.BLINDAI_REQUIRE ?? '').split(',').includes('faults')) {
  throw new Error('BLINDAI_REQUIRE names faults, and this process may not mount a tmpfs')
}

describe('a store whose disk fails', () => {
  test('acknowledges nothing that is not there, reads on, and takes more when the disk is well', async () => {
    const findings = await checkDiskFaults({ long: false })
    expect(isSound(findings), JSON.stringify(findings)).toBe(true)
    expect(findings.filter(isPlanted)).toHaveLength(1)
  }, 600_000)

  test.runIf(mayMount)(
    'refuses by name when it is full, serves what it has, and goes on when there is room',
    async () => {
      expect(await fillDisk()).toEqual({
        stored: 3,
        refusedUpload: 'STORE_NO_SPACE',
        refusedDelete: 'STORE_NO_SPACE',
        violations: [],
      })
    },
    60_000,
  )
})
