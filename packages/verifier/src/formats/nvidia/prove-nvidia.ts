import type { UnixSeconds } from '@blindai/core'
import type { CheckList } from '../../appraisal/check-list.ts'
import { trustClassOf } from '../../appraisal/trust-anchor.ts'
import { verifyEcdsa } from '../../crypto/public-key.ts'
import { VerifierError } from '../../errors/verifier-error.ts'
import type { NvidiaClaims } from '../../result/nvidia-claims.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { sha256Hex } from '../../x509/chain-roles.ts'
import { DEVICE_ROLES, RIM_ROLES, verifyNvidiaChain } from './chains.ts'
import { verifyDeviceIdentity } from './device-identity.ts'
import { type ParsedNvidiaEndorsements, parseNvidiaEndorsements } from './endorsements.ts'
import { claimsOf } from './nvidia-claims-of.ts'
import { type NvidiaReport, parseNvidiaReport } from './report.ts'
import { verifyRevocation } from './revocation.ts'
import { NVIDIA_DEVICE_ROOT_SHA256, NVIDIA_RIM_ROOT_SHA256 } from './roots.ts'
import { joinRims, verifyRimSignature } from './verify-rim.ts'

/** A report of a GPU, and what it is held against. */
export interface NvidiaEvidence {
  readonly format: 'nvidia' | 'simulated-nvidia'
  readonly bytes: Uint8Array
  readonly endorsements: unknown
  readonly simulatedRoots: readonly string[] | undefined
  readonly requireOcsp: boolean
  readonly now: UnixSeconds
}

/** What a report proves. */
export interface ProvedNvidia {
  readonly technology: 'nvidia'
  readonly trustClass: 'hardware' | 'simulated'
  readonly measurements: readonly Uint8Array[]
  /** What NVIDIA released, by index: lower-case hex of each alternative. */
  readonly released: ReadonlyMap<number, readonly string[]>
  /** The nonce of the request, which stands for report data: 32 bytes. */
  readonly report: { readonly reportData: Uint8Array; readonly reportDataHash: 'SHA-256' }
  readonly claims: NvidiaClaims
}

/**
 * Proves a report of an NVIDIA Hopper GPU: form, device chain, signature, firmware identity, and the manifests of its driver
 * and VBIOS with their chains; and that no authority of either is revoked. Whether what was measured is what was released,
 * and whether the policy wants it, is not asked here. It says nothing of the machine that the GPU is in.
 *
 * Source: DMTF DSP0274 1.1.3; NVIDIA's attestation SDK.
 *
 * @throws {Halt} at the first check that fails; the list says which.
 */
export async function proveNvidia(checks: CheckList, evidence: NvidiaEvidence): Promise<ProvedNvidia> {
  const { format, now, simulatedRoots } = evidence
  const report = await checks.prove('evidence.form', () => parseNvidiaReport(evidence.bytes))
  const parts = await checks.prove('endorsements.form', () => parseNvidiaEndorsements(evidence.endorsements))
  const { deviceChain, driverRim, vbiosRim } = parts
  const anchor = async (chain: readonly Certificate[], vendorRoot: string) => {
    const sha256 = await sha256Hex(chain.at(-1)?.der ?? new Uint8Array())
    return { sha256, trustClass: trustClassOf(format, sha256, sha256 === vendorRoot, simulatedRoots) }
  }
  const device = await checks.prove('nvidia.root', () => anchor(deviceChain, NVIDIA_DEVICE_ROOT_SHA256))
  await checks.prove('nvidia.chain', () => verifyNvidiaChain('device chain', deviceChain, DEVICE_ROLES, now))
  await checks.prove('nvidia.report-signature', () => verifyReportSignature(report, deviceChain[0]))
  await proveIdentity(checks, report, deviceChain)
  const rims = [driverRim, vbiosRim]
  const rim = await checks.prove('nvidia.rim-root', async () => {
    const [one, other] = [
      await anchor(driverRim.chain, NVIDIA_RIM_ROOT_SHA256),
      await anchor(vbiosRim.chain, NVIDIA_RIM_ROOT_SHA256),
    ]
    if (one.sha256 === other.sha256) return one
    throw new VerifierError('ROOTS_DIFFER', { chain: 'VBIOS RIM', expected: one.sha256, actual: other.sha256 })
  })
  await checks.prove('nvidia.rim-chain', async () => {
    for (const { field, chain } of rims) await verifyNvidiaChain(`${field} chain`, chain, RIM_ROLES, now)
  })
  await checks.prove('nvidia.rim-signature', async () => {
    for (const one of rims) await verifyRimSignature(one)
  })
  const released = await checks.prove('nvidia.rim-match', () => joinRims(driverRim, vbiosRim, report.opaque))
  const unknown = await proveRevocation(checks, parts, evidence)
  return {
    technology: 'nvidia',
    trustClass: device.trustClass,
    measurements: report.measurements,
    released,
    report: { reportData: report.nonce, reportDataHash: 'SHA-256' },
    claims: claimsOf({ format, report, deviceChain, rootSha256: device.sha256, rimRootSha256: rim.sha256, unknown }),
  }
}

async function verifyReportSignature({ signed, signature }: NvidiaReport, leaf: Certificate): Promise<void> {
  if (await verifyEcdsa(leaf.field, leaf.publicKey, 'SHA-384', signature, signed)) return
  throw new VerifierError('NVIDIA_SIGNATURE_INVALID', { signer: leaf.subject.commonName })
}

/** Firmware from before the field was there names none, and the check is skipped. */
async function proveIdentity(
  checks: CheckList,
  { opaque: { fwid } }: NvidiaReport,
  [leaf, device]: ParsedNvidiaEndorsements['deviceChain'],
): Promise<void> {
  if (fwid === undefined || device === undefined) return
  await checks.prove('nvidia.fwid', () => verifyDeviceIdentity(fwid, leaf, device))
}

/** @returns the first certificate whose status nobody told, where the policy lets that pass. */
async function proveRevocation(
  checks: CheckList,
  { deviceChain, driverRim, vbiosRim, ocsp }: ParsedNvidiaEndorsements,
  { requireOcsp, now }: NvidiaEvidence,
): Promise<Certificate | undefined> {
  const missing = ({ subject, serial }: Certificate) =>
    new VerifierError('OCSP_RESPONSE_MISSING', { subject: subject.commonName, serial })
  const unknown = await checks.prove('nvidia.revocation', async () => {
    const found = await verifyRevocation([deviceChain, driverRim.chain, vbiosRim.chain], ocsp, now)
    if (found !== undefined && requireOcsp) throw missing(found)
    return found
  })
  if (unknown !== undefined) checks.skip('nvidia.revocation', missing(unknown))
  return unknown
}
