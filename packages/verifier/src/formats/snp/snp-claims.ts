import { toHex } from '@blindai/core'
import type { SnpClaims, SnpPlatformClaims } from '../../result/snp-claims.ts'
import type { EndorsementKey } from './endorsement-key.ts'
import { policyAbi, policyBitNames } from './guest-policy.ts'
import { platformBits } from './platform-info.ts'
import type { FirmwareVersion, SnpReport } from './report.ts'

/** What a proved report says, for the result. */
export function claimsOf(
  format: SnpClaims['format'],
  report: SnpReport,
  endorsementKey: EndorsementKey,
  rootSha256: string,
): SnpClaims {
  const abi = policyAbi(report.policy)
  return {
    format,
    reportVersion: report.version,
    rootSha256,
    measurement: toHex(report.measurement),
    hostData: toHex(report.hostData),
    idKeyDigest: toHex(report.idKeyDigest),
    authorKeyDigest: toHex(report.authorKeyDigest),
    hasAuthorKey: report.hasAuthorKey,
    familyId: toHex(report.familyId),
    imageId: toHex(report.imageId),
    guestSvn: report.guestSvn,
    guestPolicy: hex64(report.policy),
    guestPolicyNames: policyBitNames(report.policy),
    guestPolicyAbi: `${abi.major}.${abi.minor}`,
    vmpl: report.vmpl,
    reportData: toHex(report.reportData),
    reportId: toHex(report.reportId),
    reportIdMa: toHex(report.reportIdMa),
    platform: platformOf(report, endorsementKey),
  }
}

function platformOf(report: SnpReport, { product, kind, provider }: EndorsementKey): SnpPlatformClaims {
  const { cpuId, mitigations } = report
  return {
    product,
    chipId: toHex(report.chipId),
    signingKey: kind,
    ...(provider !== undefined && { vlekProvider: provider }),
    platformInfo: hex64(report.platformInfo),
    platformInfoNames: platformBits(report.platformInfo).map(({ bit, name }) => name ?? `RESERVED_${bit}`),
    currentFirmware: firmwareText(report.currentFirmware),
    committedFirmware: firmwareText(report.committedFirmware),
    ...(cpuId && { cpuId: `${hex8(cpuId.family)}.${hex8(cpuId.model)}.${hex8(cpuId.stepping)}` }),
    ...(mitigations && {
      launchMitigations: hex64(mitigations.launch),
      currentMitigations: hex64(mitigations.current),
    }),
  }
}

/** `major.minor.build`. */
export function firmwareText({ major, minor, build }: FirmwareVersion): string {
  return `${major}.${minor}.${build}`
}

/** 16 hexadecimal digits, most significant first. */
export function hex64(value: bigint): string {
  return value.toString(16).padStart(16, '0')
}

function hex8(value: number): string {
  return value.toString(16).padStart(2, '0')
}
