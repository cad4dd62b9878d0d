/// <reference types="vite/client" />

import { expect, test } from 'vitest'
import { HCL_DOCUMENT_CASES } from './support/hcl-document-cases.ts'
import { judgeHclDocument } from './support/hcl-mock.ts'

const STORED: Readonly<Record<string, { readonly result: string }>> = import.meta.glob(
  '../../../vectors/attestation/simulated-azure-hcl/*.json',
  { import: 'default', eager: true },
)

for (const [name, wrong] of Object.entries(HCL_DOCUMENT_CASES)) {
  test(`a new document of an Azure machine is judged as the one that is kept: ${name}`, async () => {
    const result = await judgeHclDocument(wrong)
    const kept = JSON.parse(STORED[`../../../vectors/attestation/simulated-azure-hcl/${name}.json`]?.result ?? '{}')
    const gist = ({ status, trustClass, freshness, checks }: typeof result) => ({
      status,
      trustClass,
      freshness,
      checks: checks.map(({ code, status, error }) => [code, status, error?.code]),
    })
    expect(gist(result)).toEqual(gist(kept))
  })
}
