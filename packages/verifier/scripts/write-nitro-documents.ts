import { mkdirSync, writeFileSync } from 'node:fs'
import { NOW } from '../test/support/mock.ts'
import { NITRO_DOCUMENT_CASES } from '../test/support/nitro-document-cases.ts'
import { makeNitroDocument, NITRO_POLICY } from '../test/support/nitro-mock.ts'
import { vectorText } from './vector-text.ts'

/**
 * Writes Nitro documents of a mock authority, for suites that cannot make any: `vectors/attestation/simulated-nitro/`. Run it
 * again when results are meant to change:
 * `node --conditions=source packages/verifier/scripts/write-nitro-documents.ts`
 */

const FOLDER = new URL('../../../vectors/attestation/simulated-nitro/', import.meta.url)
const SOURCE = {
  source: 'packages/verifier/scripts/write-nitro-documents.ts, with the mock authority of packages/simulator',
  licence: 'Apache-2.0',
}

mkdirSync(FOLDER, { recursive: true })
for (const [name, wrong] of Object.entries(NITRO_DOCUMENT_CASES)) {
  const policy = wrong.policy?.(NITRO_POLICY) ?? NITRO_POLICY
  const document = await makeNitroDocument(wrong)
  writeFileSync(
    new URL(`${name}.json`, FOLDER),
    await vectorText({ document, policy, now: NOW, options: wrong.options }),
  )
}
writeFileSync(new URL('source.json', FOLDER), `${JSON.stringify(SOURCE, null, 1)}\n`)
