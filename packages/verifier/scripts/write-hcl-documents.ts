import { mkdirSync, writeFileSync } from 'node:fs'
import { HCL_DOCUMENT_CASES } from '../test/support/hcl-document-cases.ts'
import { makeHclCase } from '../test/support/hcl-mock.ts'
import { NOW } from '../test/support/mock.ts'
import { vectorText } from './vector-text.ts'

/**
 * Writes documents of a mock Azure machine, for suites that cannot make any: `vectors/attestation/simulated-azure-hcl/`.
 * Run it again when results are meant to change:
 * `node --conditions=source packages/verifier/scripts/write-hcl-documents.ts`
 */

const FOLDER = new URL('../../../vectors/attestation/simulated-azure-hcl/', import.meta.url)
const SOURCE = {
  source: 'packages/verifier/scripts/write-hcl-documents.ts, with the mock machine of packages/simulator',
  licence: 'Apache-2.0',
}

mkdirSync(FOLDER, { recursive: true })
for (const [name, wrong] of Object.entries(HCL_DOCUMENT_CASES)) {
  const made = await makeHclCase(wrong)
  writeFileSync(new URL(`${name}.json`, FOLDER), await vectorText({ ...made, now: NOW, options: wrong.options }))
}
writeFileSync(new URL('source.json', FOLDER), `${JSON.stringify(SOURCE, null, 1)}\n`)
