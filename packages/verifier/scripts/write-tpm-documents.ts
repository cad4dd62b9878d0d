import { mkdirSync, writeFileSync } from 'node:fs'
import { NOW } from '../test/support/mock.ts'
import { TPM_DOCUMENT_CASES } from '../test/support/tpm-document-cases.ts'
import { makeTpmDocument, SIMULATED_TPM_POLICY } from '../test/support/tpm-mock.ts'
import { vectorText } from './vector-text.ts'

/**
 * Writes documents of a software TPM under a mock authority, for suites that cannot make any:
 * `vectors/attestation/simulated-tpm/`. Run it again when results are meant to change:
 * `node --conditions=source packages/verifier/scripts/write-tpm-documents.ts`
 */

const FOLDER = new URL('../../../vectors/attestation/simulated-tpm/', import.meta.url)
const SOURCE = {
  source: 'packages/verifier/scripts/write-tpm-documents.ts, with the mock authority of packages/simulator',
  licence: 'Apache-2.0',
}

mkdirSync(FOLDER, { recursive: true })
for (const [name, wrong] of Object.entries(TPM_DOCUMENT_CASES)) {
  const policy = wrong.policy?.(SIMULATED_TPM_POLICY) ?? SIMULATED_TPM_POLICY
  const document = await makeTpmDocument(wrong, 'simulated-tpm')
  writeFileSync(
    new URL(`${name}.json`, FOLDER),
    await vectorText({ document, policy, now: NOW, options: wrong.options }),
  )
}
writeFileSync(new URL('source.json', FOLDER), `${JSON.stringify(SOURCE, null, 1)}\n`)
