/// <reference types="vite/client" />

import { expect, test } from 'vitest'
import { DOCUMENT_CASES } from './support/document-cases.ts'
import { judge } from './support/mock.ts'

const STORED: Readonly<Record<string, { readonly result: string }>> = import.meta.glob(
  '../../../vectors/attestation/simulated/*.json',
  { import: 'default', eager: true },
)

for (const [name, wrong] of Object.entries(DOCUMENT_CASES)) {
  test(`a new document is judged as the one that is kept: ${name}`, async () => {
    const result = await judge(wrong)
    const kept = JSON.parse(STORED[`../../../vectors/attestation/simulated/${name}.json`]?.result ?? '{}')
    const gist = ({ status, trustClass, freshness, checks }: typeof result) => ({
      status,
      trustClass,
      freshness,
      checks: checks.map(({ code, status, error }) => [code, status, error?.code]),
    })
    expect(gist(result)).toEqual(gist(kept))
  })
}
