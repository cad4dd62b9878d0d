import { mkdirSync, writeFileSync } from 'node:fs'
import { NOW } from '../test/support/mock.ts'
import { NVIDIA_DOCUMENT_CASES } from '../test/support/nvidia-document-cases.ts'
import { makeNvidiaDocument, NVIDIA_POLICY } from '../test/support/nvidia-mock.ts'
import { vectorText } from './vector-text.ts'

/**
 * Writes documents with reports of a mock GPU, for suites that cannot make any: `vectors/attestation/simulated-nvidia/`. Run it
 * again when results are meant to change:
 * `node --conditions=source packages/verifier/scripts/write-nvidia-documents.ts`
 */

const FOLDER = new URL('../../../vectors/attestation/simulated-nvidia/', import.meta.url)
const SOURCE = {
  source: 'packages/verifier/scripts/write-nvidia-documents.ts, with the mock authority of packages/simulator',
  licence: 'Apache-2.0',
}

mkdirSync(FOLDER, { recursive: true })
for (const [name, wrong] of Object.entries(NVIDIA_DOCUMENT_CASES)) {
  const policy = wrong.policy?.(NVIDIA_POLICY) ?? NVIDIA_POLICY
  const document = await makeNvidiaDocument(wrong)
  writeFileSync(
    new URL(`${name}.json`, FOLDER),
    await vectorText({ document, policy, now: NOW, options: wrong.options }),
  )
}
writeFileSync(new URL('source.json', FOLDER), `${JSON.stringify(SOURCE, null, 1)}\n`)
