import { toHex } from '@blindai/core'
import type { NvidiaClaims } from '../../result/nvidia-claims.ts'
import type { Certificate } from '../../x509/certificate.ts'
import type { NvidiaReport } from './report.ts'

/** What claims are made of. */
interface ClaimSource {
  readonly format: NvidiaClaims['format']
  readonly report: NvidiaReport
  readonly deviceChain: readonly Certificate[]
  readonly rootSha256: string
  readonly rimRootSha256: string
  /** A certificate whose status nobody told. */
  readonly unknown: Certificate | undefined
}

/** What a proved report says, in the words of results. */
export function claimsOf(source: ClaimSource): NvidiaClaims {
  const { format, report, deviceChain, rootSha256, rimRootSha256, unknown } = source
  const { measurementCounts, otherFields, ...opaque } = report.opaque
  const device = deviceChain[1]
  return {
    format,
    rootSha256,
    rimRootSha256,
    reportData: toHex(report.nonce),
    architecture: 'Hopper',
    hardwareModel: device?.subject.commonName ?? '',
    deviceSerial: device?.serial ?? '',
    ...opaque,
    gpuMeasurements: numbered(report.measurements.map(toHex)),
    ...(measurementCounts && { measurementCounts: numbered(measurementCounts) }),
    uncomparedMeasurements: uncomparedMeasurements(report.opaque.nvdec0),
    otherFields,
    revocation: unknown === undefined ? 'good' : 'incomplete',
  }
}

/** The firmware of the first video decoder. Source: NVIDIA's attestation SDK, which calls it index 35 and counts from 0. */
const NVDEC0_FIRMWARE = 36

/** Measurements that say nothing: of a video decoder that is switched off nobody measures the firmware. */
export function uncomparedMeasurements(nvdec0: 'enabled' | 'disabled'): readonly number[] {
  return nvdec0 === 'disabled' ? [NVDEC0_FIRMWARE] : []
}

function numbered<T>(values: readonly T[]): { readonly [index: string]: T } {
  return Object.fromEntries(values.map((value, i) => [String(i + 1), value]))
}
