import type { EvidenceFormat } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { trustClassOf } from '../src/appraisal/trust-anchor.ts'

/** Every format, and whether its name claims hardware. */
const CLAIMS_HARDWARE: { readonly [Format in EvidenceFormat]: boolean } = {
  tdx: true,
  sgx: true,
  'sev-snp': true,
  nitro: true,
  tpm: true,
  'azure-hcl': true,
  nvidia: true,
  simulated: false,
  'simulated-sgx': false,
  'simulated-sev-snp': false,
  'simulated-nitro': false,
  'simulated-tpm': false,
  'simulated-azure-hcl': false,
  'simulated-nvidia': false,
}
const FORMATS = Object.entries(CLAIMS_HARDWARE) as readonly (readonly [EvidenceFormat, boolean])[]
const formats = (claimsHardware: boolean): readonly EvidenceFormat[] =>
  FORMATS.filter(([, isHardware]) => isHardware === claimsHardware).map(([format]) => format)
const ROOT = 'ab'.repeat(32)
const refused = (code: string, details: object): unknown => expect.objectContaining({ code, details })

describe('what a root stands for', () => {
  test.each(formats(true))('is hardware for %s if it is the vendor’s, and never a simulation', (format) => {
    expect(trustClassOf(format, ROOT, true, [])).toBe('hardware')
    expect(() => trustClassOf(format, ROOT, false, [ROOT])).toThrow(
      refused('SIMULATED_LABELLED_HARDWARE', { format, rootSha256: ROOT }),
    )
    expect(() => trustClassOf(format, ROOT, false, undefined)).toThrow(
      refused('ROOT_NOT_TRUSTED', { format, rootSha256: ROOT }),
    )
  })
  test.each(formats(false))('is a simulation for %s if the policy names it, and never hardware', (format) => {
    expect(trustClassOf(format, ROOT, false, [ROOT])).toBe('simulated')
    expect(() => trustClassOf(format, ROOT, true, [ROOT])).toThrow(
      refused('HARDWARE_LABELLED_SIMULATED', { rootSha256: ROOT }),
    )
    expect(() => trustClassOf(format, ROOT, false, undefined)).toThrow(
      refused('SIMULATED_NOT_ALLOWED', { rootSha256: ROOT }),
    )
    expect(() => trustClassOf(format, ROOT, false, [])).toThrow(
      refused('SIMULATED_ROOT_UNKNOWN', { rootSha256: ROOT, allowed: [] }),
    )
  })
})
