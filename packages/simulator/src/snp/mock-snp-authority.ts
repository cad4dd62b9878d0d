import { createHash } from 'node:crypto'
import { type EvidenceSource, type SnpEndorsements, toBase64Url, toPem, type UnixSeconds } from '@blindai/core'
import { apply } from '../authority/changes.ts'
import { completeSnpKeys, issueSnpCertificates, type SnpCertificates, type SnpKeys } from './chain.ts'
import type { SnpChanges } from './changes.ts'
import { SNP_PLATFORMS, type SnpPlatform, tcbBytes } from './platform.ts'
import { type SnpReportFields, signReport, writeReportBody } from './report.ts'

/** What a mock authority of SEV-SNP starts from. */
export interface MockSnpOptions {
  readonly now: UnixSeconds
  /** `Milan` without it. */
  readonly product?: SnpPlatform['product']
  /** `VCEK` without it. */
  readonly signingKey?: SnpPlatform['signingKey']
  /** Version of the report; 5 without it. */
  readonly version?: number
  /** Keys to use; new ones are made for the rest, which takes seconds for those of RSA. */
  readonly keys?: Partial<SnpKeys>
  /** DER of an existing certificate of `keys.ark`. */
  readonly arkCertificate?: Uint8Array
  readonly changes?: SnpChanges
}

/** A throwaway ARK, what it issues, and a processor that reports. It has the structure of AMD's and protects nothing. */
export interface MockSnpAuthority {
  /** Lower-case hex SHA-256 of the ARK's DER. */
  readonly rootSha256: string
  readonly keys: SnpKeys
  readonly certificates: SnpCertificates
  readonly endorsements: SnpEndorsements
  /** An attestation report over 64 bytes of report data. */
  report(reportData: Uint8Array): Uint8Array
  /** An evidence source of the format `simulated-sev-snp`. */
  source(): EvidenceSource
}

/** A recognisable launch digest, lower-case hex. */
export const MOCK_SNP_MEASUREMENT: string = 'd5'.repeat(48)

/** SMT allowed, and the bit that is always one; no ABI version asked for. Little-endian. */
const POLICY = Uint8Array.of(0, 0, 0x03, 0, 0, 0, 0, 0)
/** SMT, ECC, alias check complete. */
const PLATFORM_INFO = Uint8Array.of(0x25, 0, 0, 0, 0, 0, 0, 0)
/** Build 29, 1.55. */
const FIRMWARE = Uint8Array.of(29, 55, 1)
const MITIGATIONS_SINCE = 4
const CPUID_SINCE = 3

/** Makes an authority under a root of its own. */
export function createMockSnpAuthority(options: MockSnpOptions): MockSnpAuthority {
  const { now, product = 'Milan', signingKey = 'VCEK', version = 5, changes = {} } = options
  const keys = completeSnpKeys(options.keys ?? {})
  const platform = apply(changes.platform, { ...SNP_PLATFORMS[product], signingKey })
  const issued = issueSnpCertificates(keys, platform, now, changes)
  const certificates = options.arkCertificate === undefined ? issued : { ...issued, ark: options.arkCertificate }
  const endorsements = apply(changes.endorsements, {
    type: 'snp',
    ...(platform.signingKey === 'VLEK'
      ? { vlek: toBase64Url(certificates.endorsement) }
      : { vcek: toBase64Url(certificates.endorsement) }),
    chain: toPem('CERTIFICATE', certificates.ask) + toPem('CERTIFICATE', certificates.ark),
    crl: toBase64Url(certificates.crl),
  })
  const report = (reportData: Uint8Array): Uint8Array => {
    const fields = apply(changes.report, reportFields(platform, version, reportData))
    const body = apply(changes.reportBody, writeReportBody(fields))
    return apply(changes.reportBytes, signReport(body, keys.endorsement))
  }
  return {
    rootSha256: createHash('sha256').update(certificates.ark).digest('hex'),
    keys,
    certificates,
    endorsements,
    report,
    source: () => ({
      format: 'simulated-sev-snp',
      collect: async (reportData) => ({ bytes: report(reportData) }),
      endorsements: async () => endorsements,
    }),
  }
}

function reportFields(platform: SnpPlatform, version: number, reportData: Uint8Array): SnpReportFields {
  const tcb = tcbBytes(platform.certified)
  const isVlek = platform.signingKey === 'VLEK'
  const chipId = new Uint8Array(64)
  if (!isVlek) chipId.set(platform.hwId)
  const mitigations = Uint8Array.of(version >= MITIGATIONS_SINCE ? 7 : 0, 0, 0, 0, 0, 0, 0, 0)
  return {
    version,
    guestSvn: 3,
    policy: POLICY,
    familyId: new Uint8Array(16).fill(0xfa),
    imageId: new Uint8Array(16).fill(0x1a),
    vmpl: 0,
    signatureAlgo: 1,
    keyInfo: 1 | (isVlek ? 1 << 2 : 0),
    platformInfo: PLATFORM_INFO,
    reportData,
    measurement: new Uint8Array(48).fill(0xd5),
    hostData: new Uint8Array(32).fill(0xda),
    idKeyDigest: new Uint8Array(48).fill(0x1d),
    authorKeyDigest: new Uint8Array(48).fill(0xa0),
    reportId: new Uint8Array(32).fill(0x1e),
    cpuId: version >= CPUID_SINCE ? platform.cpuId : new Uint8Array(3),
    chipId,
    reportedTcb: tcb,
    committedTcb: tcb,
    currentTcb: tcb,
    launchTcb: tcb,
    currentFirmware: FIRMWARE,
    committedFirmware: FIRMWARE,
    launchMitigations: mitigations,
    currentMitigations: mitigations,
  }
}
