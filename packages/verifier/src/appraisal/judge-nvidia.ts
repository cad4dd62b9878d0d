import { toHex } from '@blindai/core'
import { VerifierError } from '../errors/verifier-error.ts'
import type { ProvedNvidia } from '../formats/nvidia/prove-nvidia.ts'
import type { NvidiaPolicy, NvidiaReference } from '../policy/nvidia-policy.ts'
import { NVIDIA_REGISTERS, OPTIONAL_NVIDIA_REGISTERS } from '../policy/parse-nvidia.ts'
import type { Policy } from '../policy/policy.ts'
import type { NvidiaClaims } from '../result/nvidia-claims.ts'
import type { CheckList } from './check-list.ts'
import { judgeClass } from './judge-class.ts'
import { judgeMeasurement } from './judge-measurement.ts'

/**
 * Holds a proved report of a GPU, real or simulated, against NVIDIA's manifests and a policy. Every check is made, whatever
 * the others find. What a manifest measures is worth something only where the policy names its version.
 *
 * @returns the reference value that matched, if one did and the GPU runs what was released.
 */
export function judgeNvidia(checks: CheckList, proved: ProvedNvidia, policy: Policy): NvidiaReference | undefined {
  const { trustClass, claims } = proved
  judgeClass(checks, trustClass, policy)
  // Always: the owner of another machine can relay what its GPU says. Bare evidence does not ask.
  checks.skip('nvidia.host', new VerifierError('DEVICE_EVIDENCE_ALONE', { format: claims.format }))
  checks.judge('nvidia.measurements', true, () => requireReleased(proved))
  judgeMode(checks, claims, policy.nvidia)
  const references =
    trustClass === 'simulated' ? (policy.simulated?.nvidiaMeasurements ?? []) : policy.nvidia.measurements
  const registers = { always: NVIDIA_REGISTERS, optional: OPTIONAL_NVIDIA_REGISTERS }
  const match = judgeMeasurement(checks, claims, references, registers)
  return checks.hasPassed('nvidia.measurements') ? match : undefined
}

/** Source: NVIDIA's attestation SDK: each active entry of a manifest against the measurement of its index. */
function requireReleased({ measurements, released, claims }: ProvedNvidia): void {
  const differing = [...released.keys()]
    .filter((index) => !claims.uncomparedMeasurements.includes(index))
    .filter((index) => released.get(index)?.includes(measured(measurements, index)) !== true)
    .sort((a, b) => a - b)
  const [index] = differing
  if (index === undefined) return
  const facts = { index, released: released.get(index) ?? [], actual: measured(measurements, index), differing }
  throw new VerifierError('NVIDIA_MEASUREMENT_MISMATCH', facts)
}

/** @param index - from 1. */
function measured(measurements: readonly Uint8Array[], index: number): string {
  return toHex(measurements[index - 1] ?? new Uint8Array())
}

function judgeMode(checks: CheckList, claims: NvidiaClaims, policy: NvidiaPolicy): void {
  const { protectedPcie, minimumDriverVersion, minimumVbiosVersion } = policy
  checks.judge('nvidia.protected-pcie', true, () => {
    if (protectedPcie.includes(claims.protectedPcie)) return
    const facts = { accepted: protectedPcie, actual: claims.protectedPcie }
    throw new VerifierError('NVIDIA_PROTECTED_PCIE_NOT_ACCEPTED', facts)
  })
  checks.judge('policy.driver-version', minimumDriverVersion !== undefined, () => {
    requireAtLeast('driver', minimumDriverVersion ?? '', claims.driverVersion, 10)
  })
  checks.judge('policy.vbios-version', minimumVbiosVersion !== undefined, () => {
    requireAtLeast('VBIOS', minimumVbiosVersion ?? '', claims.vbiosVersion, 16)
  })
}

/** A version that is no list of numbers, and one that ends before the minimum does, is lower. */
function requireAtLeast(part: string, minimum: string, actual: string, radix: 10 | 16): void {
  const prefix = radix === 16 ? '0x' : ''
  const numbers = (version: string): readonly number[] => version.split('.').map((text) => Number(prefix + text))
  const has = numbers(actual)
  for (const [i, needed] of numbers(minimum).entries()) {
    const number = has[i] ?? Number.NaN
    if (number > needed) return
    if (number !== needed) throw new VerifierError('NVIDIA_VERSION_TOO_LOW', { part, minimum, actual })
  }
}
