/// <reference types="vite/client" />

import { expect, test } from 'vitest'
import { TPM_DOCUMENT_CASES } from './support/tpm-document-cases.ts'
import { judgeTpm } from './support/tpm-mock.ts'

const STORED: Readonly<Record<string, { readonly result: string }>> = import.meta.glob(
  '../../../vectors/attestation/simulated-tpm/*.json',
  { import: 'default', eager: true },
)

for (const [name, wrong] of Object.entries(TPM_DOCUMENT_CASES)) {
  test(`a new document of a TPM is judged as the one that is kept: ${name}`, async () => {
    const result = await judgeTpm(wrong, 'simulated-tpm')
    const kept = JSON.parse(STORED[`../../../vectors/attestation/simulated-tpm/${name}.json`]?.result ?? '{}')
    const gist = ({ status, trustClass, freshness, checks }: typeof result) => ({
      status,
      trustClass,
      freshness,
      checks: checks.map(({ code, status, error }) => [code, status, error?.code]),
    })
    expect(gist(result)).toEqual(gist(kept))
  })
}
