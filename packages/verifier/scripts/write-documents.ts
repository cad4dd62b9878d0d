import { mkdirSync, writeFileSync } from 'node:fs'
import { toBase64Url } from '@blindai/core'
import { parsePolicy, verify } from '../src/index.ts'
import { DOCUMENT_CASES } from '../test/support/document-cases.ts'
import { makeDocument, NOW, POLICY } from '../test/support/mock.ts'

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
  const { nonce: asked, channel } = wrong.options ?? {}
  const result = await verify(document, parsePolicy(policy), { now: NOW, ...wrong.options })
  const vector = {
    policy,
    now: NOW,
    ...(asked && { nonce: toBase64Url(asked) }),
    ...(channel && {
      channel: channel.kind === 'tls' ? { kind: 'tls', spkiSha256: toBase64Url(channel.spkiSha256) } : channel,
    }),
    document: new TextDecoder().decode(document),
    result: JSON.stringify(result),
  }
  writeFileSync(new URL(`${name}.json`, FOLDER), `${JSON.stringify(vector, null, 1)}\n`)
}
writeFileSync(new URL('source.json', FOLDER), `${JSON.stringify(SOURCE, null, 1)}\n`)
