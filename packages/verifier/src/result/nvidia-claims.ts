import type { OpaqueData } from '../formats/nvidia/opaque-data.ts'
import type { CommonClaims } from './claims.ts'

/** What proved evidence says of a GPU. Binary is lower-case hex. `reportData` is the nonce of the request. */
export interface NvidiaClaims extends CommonClaims, Omit<OpaqueData, 'measurementCounts'> {
  readonly format: 'nvidia' | 'simulated-nvidia'
  /** Of the manifests of driver and VBIOS; `rootSha256` is of the device. */
  readonly rimRootSha256: string
  readonly architecture: 'Hopper'
  /** As its certificate names it: `GH100 A01 GSP BROM`. */
  readonly hardwareModel: string
  /** Serial number of the certificate of the device: names this GPU. */
  readonly deviceSerial: string
  /** By their numbers in the report, from 1 to 64. */
  readonly gpuMeasurements: { readonly [index: string]: string }
  readonly measurementCounts?: { readonly [index: string]: number }
  /** Numbers of measurements that were not held against the manifests. */
  readonly uncomparedMeasurements: readonly number[]
  /** `good`: a responder vouched for every certificate that names one; `incomplete`: not for all, as the policy allows. */
  readonly revocation: 'good' | 'incomplete'
}
