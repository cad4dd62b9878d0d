import type { EvidenceFormat } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import plans from '../../../vectors/attestation/checks.json' with { type: 'json' }
import { documentChecks, evidenceChecks, HCL_SNP_CHECKS, HCL_TDX_CHECKS } from '../src/appraisal/check-plans.ts'

/** What results list, in order: others read them by these names, so that none changes unnoticed. */
const FORMATS: readonly (readonly [keyof typeof plans.document, readonly EvidenceFormat[]])[] = [
  ['tdx', ['tdx', 'simulated']],
  ['sgx', ['sgx', 'simulated-sgx']],
  ['sev-snp', ['sev-snp', 'simulated-sev-snp']],
  ['azure-hcl', ['azure-hcl', 'simulated-azure-hcl']],
  ['nitro', ['nitro', 'simulated-nitro']],
  ['tpm', ['tpm', 'simulated-tpm']],
  ['nvidia', ['nvidia', 'simulated-nvidia']],
]

describe('the checks of a result', () => {
  test('are in the table for every format', () => {
    expect(Object.keys(plans.document)).toEqual(FORMATS.map(([name]) => name))
    expect(Object.keys(plans.evidence)).toEqual(FORMATS.map(([name]) => name))
  })
  for (const [name, formats] of FORMATS) {
    test.each(formats)(`of a document with %s are those of ${name}, in order`, (format) => {
      expect(documentChecks(format)).toEqual(plans.document[name])
    })
    test.each(formats)(`of bare evidence of %s are those of ${name}, in order`, (format) => {
      expect(evidenceChecks(format)).toEqual(plans.evidence[name])
    })
  }
  test('that depend on the hardware below a paravisor are left out once it is known', () => {
    expect(HCL_SNP_CHECKS).toEqual(plans.hclOnly['sev-snp'])
    expect(HCL_TDX_CHECKS).toEqual(plans.hclOnly.tdx)
  })
})
