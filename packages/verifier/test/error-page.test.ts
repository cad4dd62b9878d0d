import { describe, expect, test } from 'vitest'
import { APPRAISAL_ERRORS } from '../src/errors/appraisal-errors.ts'
import { DCAP_ERRORS } from '../src/errors/dcap-errors.ts'
import { EVENT_LOG_ERRORS } from '../src/errors/event-log-errors.ts'
import { HCL_ERRORS } from '../src/errors/hcl-errors.ts'
import { NITRO_ERRORS } from '../src/errors/nitro-errors.ts'
import { NVIDIA_ERRORS } from '../src/errors/nvidia-errors.ts'
import { SGX_ERRORS } from '../src/errors/sgx-errors.ts'
import { SNP_ERRORS } from '../src/errors/snp-errors.ts'
import { TPM_ERRORS } from '../src/errors/tpm-errors.ts'
import { X509_ERRORS } from '../src/errors/x509-errors.ts'
import { POLICY_CATALOGUE, VERIFIER_CATALOGUE } from '../src/index.ts'
import { documented, line } from './support/error-page.ts'

const SECTIONS = { Verifier: VERIFIER_CATALOGUE, Policy: POLICY_CATALOGUE }

for (const [heading, catalogue] of Object.entries(SECTIONS)) {
  describe(`the page of errors, below ${heading}`, () => {
    const page = documented(heading)
    test('names every code, and no other', () => {
      expect(Object.keys(catalogue).sort()).toEqual([...page.keys()].sort())
    })
    for (const [code, row] of Object.entries(catalogue)) {
      test(`${code} says what the page says`, () => expect(line(code, row)).toBe(page.get(code)))
    }
  })
}

describe('the tables of errors', () => {
  test('name no code twice: one would say what the other means', () => {
    const tables = [
      X509_ERRORS,
      DCAP_ERRORS,
      SGX_ERRORS,
      SNP_ERRORS,
      NITRO_ERRORS,
      EVENT_LOG_ERRORS,
      TPM_ERRORS,
      HCL_ERRORS,
      NVIDIA_ERRORS,
      APPRAISAL_ERRORS,
    ]
    expect(tables.flatMap(Object.keys).sort()).toEqual(Object.keys(VERIFIER_CATALOGUE).sort())
  })
})
