/// <reference types="vite/client" />

import { expect, test } from 'vitest'
import { NITRO_DOCUMENT_CASES } from './support/nitro-document-cases.ts'
import { judgeNitro } from './support/nitro-mock.ts'

const STORED: Readonly<Record<string, { readonly result: string }>> = import.meta.glob(
  '../../../vectors/attestation/simulated-nitro/*.json',
  { import: 'default', eager: true },
)

for (const [name, wrong] of Object.entries(NITRO_DOCUMENT_CASES)) {
  test(`a new Nitro document is judged as the one that is kept: ${name}`, async () => {
    const result = await judgeNitro(wrong)
    const kept = JSON.parse(STORED[`../../../vectors/attestation/simulated-nitro/${name}.json`]?.result ?? '{}')
    const gist = ({ status, trustClass, freshness, checks }: typeof result) => ({
      status,
      trustClass,
      freshness,
      checks: checks.map(({ code, status, error }) => [code, status, error?.code]),
    })
    expect(gist(result)).toEqual(gist(kept))
  })
}
