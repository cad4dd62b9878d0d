/// <reference types="vite/client" />

import { expect, test } from 'vitest'
import { judge } from './support/mock.ts'
import { SGX_DOCUMENT_CASES } from './support/sgx-document-cases.ts'

const STORED: Readonly<Record<string, { readonly result: string }>> = import.meta.glob(
  '../../../vectors/attestation/simulated-sgx/*.json',
  { import: 'default', eager: true },
)

for (const [name, wrong] of Object.entries(SGX_DOCUMENT_CASES)) {
  test(`a new SGX document is judged as the one that is kept: ${name}`, async () => {
    const result = await judge(wrong, 'sgx')
    const kept = JSON.parse(STORED[`../../../vectors/attestation/simulated-sgx/${name}.json`]?.result ?? '{}')
    const gist = ({ status, trustClass, freshness, checks }: typeof result) => ({
      status,
      trustClass,
      freshness,
      checks: checks.map(({ code, status, error }) => [code, status, error?.code]),
    })
    expect(gist(result)).toEqual(gist(kept))
  })
}
