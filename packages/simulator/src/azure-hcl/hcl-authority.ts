import { createHash } from 'node:crypto'
import {
  concatBytes,
  type Endorsements,
  type EvidenceFormat,
  type EvidenceSource,
  type JsonObject,
  type JsonValue,
  toBase64Url,
  utf8,
} from '@blindai/core'
import { apply, type Change } from '../authority/changes.ts'
import { generateRsaKeyPair, type KeyPair } from '../authority/keys.ts'
import type { MockTpmAuthority, TpmMember } from '../tpm/tpm-authority.ts'
import { type HclReportFields, hclReportFields, tdReportOf, writeHclReport } from './hcl-report.ts'

/**
 * A paravisor for tests: a mock hardware authority vouches for its claims, and a mock TPM signs with the key that they name. It
 * has the structure of an Azure confidential virtual machine's and protects nothing.
 */

/** Hardware that reports over 64 bytes: a mock authority of SEV-SNP or of TDX. */
export type HclHardwareMock =
  | {
      readonly kind: 'snp'
      readonly report: (reportData: Uint8Array) => Uint8Array
      readonly endorsements: Endorsements
    }
  | {
      readonly kind: 'tdx'
      readonly quote: (reportData: Uint8Array) => Uint8Array
      readonly endorsements: Endorsements
    }

/** The steps at which a test can make it do wrong, in their order. All that comes after a step follows from what it returned. */
export interface HclChanges {
  readonly claims?: Change<JsonObject>
  /** The claims before they are hashed: for what an object cannot hold. */
  readonly claimsText?: Change<string>
  /** What the hardware vouches for: the hash of the claims, and zeros. */
  readonly reportData?: Change<Uint8Array>
  /** The 1,184 bytes of the hardware report: it was signed, or is a TD report, for which the quote stands. */
  readonly hardwareReport?: Change<Uint8Array>
  readonly report?: Change<HclReportFields>
  readonly reportBytes?: Change<Uint8Array>
  readonly members?: Change<readonly TpmMember[]>
  /** The whole, as it travels. */
  readonly evidence?: Change<Uint8Array>
}

/** What a paravisor is made of. The attestation key of the TPM is one of RSA. */
export interface MockHclOptions {
  readonly hardware: HclHardwareMock
  readonly tpm: MockTpmAuthority
  readonly changes?: HclChanges
}

/** A machine that attests. */
export interface MockHclMachine {
  readonly endorsements: Endorsements
  /** Evidence whose TPM quote carries the SHA-256 of this report data. */
  attest(reportData: Uint8Array): Uint8Array
  /** An evidence source whose evidence is labelled as asked; `simulated-azure-hcl` without a format. */
  source(format?: EvidenceFormat): EvidenceSource
}

/** A key such as the virtual TPMs of Azure attest with. */
export function generateHclKey(): KeyPair {
  return generateRsaKeyPair(2048)
}

/** Makes a machine. */
export function createMockHclMachine({ hardware, tpm, changes = {} }: MockHclOptions): MockHclMachine {
  const text = apply(changes.claimsText, JSON.stringify(apply(changes.claims, claimsOf(tpm.keys.ak))))
  const claims = utf8(text)
  const hash = new Uint8Array(createHash('sha256').update(claims).digest())
  const vouched = apply(changes.reportData, concatBytes(hash, new Uint8Array(32)))
  const made = hardware.kind === 'snp' ? hardware.report(vouched) : hardware.quote(vouched)
  const tdQuote = hardware.kind === 'tdx' ? made : undefined
  const own = tdQuote === undefined ? made : tdReportOf(tdQuote)
  const fields = hclReportFields(hardware.kind, apply(changes.hardwareReport, own), claims)
  const report = apply(changes.reportBytes, writeHclReport(apply(changes.report, fields)))
  const attest = (reportData: Uint8Array): Uint8Array => {
    const { quoted, signature, pcrs } = partsOf(tpm.attest(reportData))
    const members = apply(changes.members, [
      ['version', 1],
      ['report', toBase64Url(report)],
      ...(tdQuote === undefined ? [] : [['tdQuote', toBase64Url(tdQuote)] as const]),
      ['quoted', quoted],
      ['signature', signature],
      ['pcrs', pcrs],
    ])
    const json = members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()
    return apply(changes.evidence, utf8(`{${json}}`))
  }
  return {
    endorsements: hardware.endorsements,
    attest,
    source: (format = 'simulated-azure-hcl') => ({
      format,
      collect: async (reportData) => ({ bytes: attest(reportData) }),
      endorsements: async () => hardware.endorsements,
    }),
  }
}

/** What of the TPM's own evidence travels here too. */
function partsOf(evidence: Uint8Array): { quoted: JsonValue; signature: JsonValue; pcrs: JsonValue } {
  return JSON.parse(new TextDecoder().decode(evidence))
}

/** Source: Microsoft, "Azure confidential VMs guest attestation design detail", runtime claims. */
function claimsOf({ publicKey }: KeyPair): JsonObject {
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' })
  return {
    keys: [{ kid: 'HCLAkPub', key_ops: ['sign'], kty: 'RSA', e, n }],
    'vm-configuration': {
      'console-enabled': true,
      'secure-boot': true,
      'tpm-enabled': true,
      vmUniqueId: '00000000-0000-4000-8000-000000000000',
    },
    'user-data': '00'.repeat(64),
  }
}
