/// <reference types="vite/client" />

import { expect, test } from 'vitest'
import { SNP_DOCUMENT_CASES } from './support/snp-document-cases.ts'
import { judgeSnpDocument } from './support/snp-mock.ts'

const STORED: Readonly<Record<string, { readonly result: string }>> = import.meta.glob(
  '../../../vectors/attestation/simulated-sev-snp/*.json',
  { import: 'default', eager: true },
)

for (const [name, wrong] of Object.entries(SNP_DOCUMENT_CASES)) {
  test(`a new SEV-SNP document is judged as the one that is kept: ${name}`, async () => {
    const result = await judgeSnpDocument(wrong)
    const kept = JSON.parse(STORED[`../../../vectors/attestation/simulated-sev-snp/${name}.json`]?.result ?? '{}')
    const gist = ({ status, trustClass, freshness, checks }: typeof result) => ({
      status,
      trustClass,
      freshness,
      checks: checks.map(({ code, status, error }) => [code, status, error?.code]),
    })
    expect(gist(result)).toEqual(gist(kept))
  })
}
