import { mkdirSync, writeFileSync } from 'node:fs'
import { DOCUMENT_CASES } from '../test/support/document-cases.ts'
import { makeDocument, NOW, POLICY } from '../test/support/mock.ts'
import { vectorText } from './vector-text.ts'

/**
 * Writes documents of a mock authority, for suites that cannot make any: `vectors/attestation/simulated/`. Each holds what
 * was judged and the whole result, byte for byte. Run it again when results are meant to change:
 * `node --conditions=source packages/verifier/scripts/write-documents.ts`
 */

const FOLDER = new URL('../../../vectors/attestation/simulated/', import.meta.url)
const SOURCE = {
  source: 'packages/verifier/scripts/write-documents.ts, with the mock authority of packages/simulator',
  licence: 'Apache-2.0',
}

mkdirSync(FOLDER, { recursive: true })
for (const [name, wrong] of Object.entries(DOCUMENT_CASES)) {
  const document = await makeDocument(wrong)
  const policy = wrong.policy?.(POLICY) ?? POLICY
  writeFileSync(
    new URL(`${name}.json`, FOLDER),
    await vectorText({ document, policy, now: NOW, options: wrong.options }),
  )
}
writeFileSync(new URL('source.json', FOLDER), `${JSON.stringify(SOURCE, null, 1)}\n`)
