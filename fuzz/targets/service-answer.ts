import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { concatBytes, utf8 } from '@blindai/core'
import type { EndorsementPart } from '@blindai/verifier'
import { inspect, obtained, type Resource } from '../../packages/endorsements/src/resource.ts'
import { ROOT } from '../engine/root.ts'
import { files, inJson, type Seed } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

const PARTS: readonly EndorsementPart[] = [
  'certificate',
  'certificate-chain',
  'revocation-list',
  'tcb-info',
  'qe-identity',
]

/** What was asked for, whether a header was, how long the value of that is, its value in Latin-1, and the body. */
const HEAD_BYTES = 4

function answerOf(bytes: Uint8Array): { part: EndorsementPart; header?: string; body: Uint8Array } {
  const [part = 0, hasHeader = 0, high = 0, low = 0] = bytes
  const bodyAt = HEAD_BYTES + high * 256 + low
  const header = Buffer.from(bytes.slice(HEAD_BYTES, bodyAt)).toString('latin1')
  const body = bytes.slice(bodyAt)
  return { part: PARTS[part % PARTS.length] ?? 'certificate', body, ...(hasHeader % 2 === 1 && { header }) }
}

function askedFor(part: EndorsementPart, seed: Seed): Seed {
  const head = Uint8Array.of(PARTS.indexOf(part), 0, 0, 0)
  return { glob: seed.glob, take: (file) => seed.take(file).map((body) => concatBytes(head, body)) }
}

/** With a chain of signers beside the body, as services send it. */
function withChain(part: EndorsementPart, seed: Seed): Seed {
  const value = utf8(encodeURIComponent(CHAIN))
  const head = Uint8Array.of(PARTS.indexOf(part), 1, value.byteLength >> 8, value.byteLength & 255)
  return { glob: seed.glob, take: (file) => seed.take(file).map((body) => concatBytes(head, value, body)) }
}

const SIMULATED = 'vectors/attestation/simulated/accepted.json'
const [CHAIN = ''] = inJson(SIMULATED, 'document.endorsements.tcbInfoIssuerChain', 'text')
  .take(readFileSync(join(ROOT, SIMULATED)))
  .map((bytes) => Buffer.from(bytes).toString('utf8'))

export const target: FuzzTarget = {
  sources: ['packages/endorsements/src/resource.ts', 'packages/verifier/src/collect/read-endorsement.ts'],
  seeds: [
    askedFor('certificate', files('vectors/attestation/snp/*.vcek.der')),
    askedFor('certificate-chain', files('vectors/attestation/nitro/*.pem')),
    askedFor('revocation-list', files('vectors/attestation/{tdx,sgx}/*crl*.der')),
    askedFor('tcb-info', inJson('vectors/attestation/simulated/*.json', 'document.endorsements.tcbInfo', 'text')),
    withChain('tcb-info', inJson(SIMULATED, 'document.endorsements.tcbInfo', 'text')),
    withChain('revocation-list', files('vectors/attestation/{tdx,sgx}/*crl*.der')),
    askedFor('qe-identity', inJson('vectors/attestation/simulated/*.json', 'document.endorsements.qeIdentity', 'text')),
  ],
  parse: (bytes) => {
    const { part, header, body } = answerOf(bytes)
    const resource: Resource = {
      url: new URL('https://service.invalid/'),
      name: 'fuzz',
      part,
      mediaTypes: [],
      maxBytes: 262_144,
      freshSeconds: 1,
      ...(header !== undefined && { issuerChainHeader: 'issuer-chain' }),
    }
    const answer = obtained(resource, body, () => (header === undefined ? [] : [header]))
    return { answer, facts: inspect(resource, answer) }
  },
  refuses: { EndorsementError: ['ENDORSEMENT_MALFORMED', 'ISSUER_CHAIN_MISSING'] },
}
