import { mkdirSync, writeFileSync } from 'node:fs'
import { makeDocument, NOW, SGX_POLICY } from '../test/support/mock.ts'
import { SGX_DOCUMENT_CASES } from '../test/support/sgx-document-cases.ts'
import { vectorText } from './vector-text.ts'

/**
 * Writes SGX documents of a mock authority, for suites that cannot make any: `vectors/attestation/simulated-sgx/`. Run it
 * again when results are meant to change:
 * `node --conditions=source packages/verifier/scripts/write-sgx-documents.ts`
 */

const FOLDER = new URL('../../../vectors/attestation/simulated-sgx/', import.meta.url)
const SOURCE = {
  source: 'packages/verifier/scripts/write-sgx-documents.ts, with the mock authority of packages/simulator',
  licence: 'Apache-2.0',
}

mkdirSync(FOLDER, { recursive: true })
for (const [name, wrong] of Object.entries(SGX_DOCUMENT_CASES)) {
  const document = await makeDocument(wrong, 'sgx')
  const policy = wrong.policy?.(SGX_POLICY) ?? SGX_POLICY
  writeFileSync(
    new URL(`${name}.json`, FOLDER),
    await vectorText({ document, policy, now: NOW, options: wrong.options }),
  )
}
writeFileSync(new URL('source.json', FOLDER), `${JSON.stringify(SOURCE, null, 1)}\n`)
