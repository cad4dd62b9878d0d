/// <reference types="vite/client" />

import { expect, test } from 'vitest'
import { NVIDIA_DOCUMENT_CASES } from './support/nvidia-document-cases.ts'
import { judgeNvidiaDocument } from './support/nvidia-mock.ts'

const STORED: Readonly<Record<string, { readonly result: string }>> = import.meta.glob(
  '../../../vectors/attestation/simulated-nvidia/*.json',
  { import: 'default', eager: true },
)

for (const [name, wrong] of Object.entries(NVIDIA_DOCUMENT_CASES)) {
  test(`a new document of a GPU is judged as the one that is kept: ${name}`, async () => {
    const result = await judgeNvidiaDocument(wrong)
    const kept = JSON.parse(STORED[`../../../vectors/attestation/simulated-nvidia/${name}.json`]?.result ?? '{}')
    const gist = ({ status, trustClass, freshness, checks }: typeof result) => ({
      status,
      trustClass,
      freshness,
      checks: checks.map(({ code, status, error }) => [code, status, error?.code]),
    })
    expect(gist(result)).toEqual(gist(kept))
  })
}
