import { deviceIdentifier, MOCK_FWID, type NvidiaChanges } from '@blindai/simulator'
import { expect, test } from 'vitest'
import { spkiOf } from './support/keys.ts'
import { field, judgeNvidia, nvidiaAuthority } from './support/nvidia-mock.ts'
import { withExtension } from './support/refusal.ts'

const otherDevice = deviceIdentifier(spkiOf(nvidiaAuthority.keys.gpu), MOCK_FWID)

test('a report is of the device and of the firmware that its certificate names', async () => {
  const wrong: readonly (readonly [code: string, changes: NvidiaChanges])[] = [
    ['NVIDIA_FWID_MISMATCH', field(20, new Uint8Array(48).fill(1))],
    ['NVIDIA_DEVICE_KEY_MISMATCH', { gpu: withExtension(otherDevice) }],
  ]
  for (const [code, changes] of wrong) {
    const { status, failed } = await judgeNvidia({ changes })
    expect({ status, failed }).toMatchObject({ status: 'none', failed: { code: 'nvidia.fwid', error: { code } } })
  }
})
