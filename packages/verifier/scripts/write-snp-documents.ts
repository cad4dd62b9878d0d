import { mkdirSync, writeFileSync } from 'node:fs'
import { NOW } from '../test/support/mock.ts'
import { SNP_DOCUMENT_CASES } from '../test/support/snp-document-cases.ts'
import { makeSnpCase } from '../test/support/snp-mock.ts'
import { vectorText } from './vector-text.ts'

/**
 * Writes SEV-SNP documents of a mock authority, for suites that cannot make any: `vectors/attestation/simulated-sev-snp/`.
 * Run it again when results are meant to change:
 * `node --conditions=source packages/verifier/scripts/write-snp-documents.ts`
 */

const FOLDER = new URL('../../../vectors/attestation/simulated-sev-snp/', import.meta.url)
const SOURCE = {
  source: 'packages/verifier/scripts/write-snp-documents.ts, with the mock authority of packages/simulator',
  licence: 'Apache-2.0',
}

mkdirSync(FOLDER, { recursive: true })
for (const [name, wrong] of Object.entries(SNP_DOCUMENT_CASES)) {
  const made = await makeSnpCase(wrong)
  writeFileSync(new URL(`${name}.json`, FOLDER), await vectorText({ ...made, now: NOW, options: wrong.options }))
}
writeFileSync(new URL('source.json', FOLDER), `${JSON.stringify(SOURCE, null, 1)}\n`)
