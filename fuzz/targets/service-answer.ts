import { concatBytes } from '@blindai/core'
import type { EndorsementPart } from '@blindai/verifier'
import { inspect, obtained, type Resource } from '../../packages/endorsements/src/resource.ts'
import { files, inJson, type Seed } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

const PARTS: readonly EndorsementPart[] = [
  'certificate',
  'certificate-chain',
  'revocation-list',
  'tcb-info',
  'qe-identity',
]

/** The first byte says what was asked for; the rest is the body. */
function partOf(bytes: Uint8Array): EndorsementPart {
  return PARTS[(bytes[0] ?? 0) % PARTS.length] ?? 'certificate'
}

function askedFor(part: EndorsementPart, seed: Seed): Seed {
  const first = Uint8Array.of(PARTS.indexOf(part))
  return { glob: seed.glob, take: (file) => seed.take(file).map((body) => concatBytes(first, body)) }
}

export const target: FuzzTarget = {
  sources: ['packages/endorsements/src/resource.ts', 'packages/verifier/src/collect/read-endorsement.ts'],
  seeds: [
    askedFor('certificate', files('vectors/attestation/snp/*.vcek.der')),
    askedFor('certificate-chain', files('vectors/attestation/nitro/*.pem')),
    askedFor('revocation-list', files('vectors/attestation/{tdx,sgx}/*crl*.der')),
    askedFor('tcb-info', inJson('vectors/attestation/simulated/*.json', 'document.endorsements.tcbInfo', 'text')),
    askedFor('qe-identity', inJson('vectors/attestation/simulated/*.json', 'document.endorsements.qeIdentity', 'text')),
  ],
  parse: (bytes) => {
    const resource: Resource = {
      url: new URL('https://service.invalid/'),
      name: 'fuzz',
      part: partOf(bytes),
      mediaTypes: [],
      maxBytes: 262_144,
      freshSeconds: 1,
    }
    const answer = obtained(resource, bytes.slice(1), () => [])
    return { answer, facts: inspect(resource, answer) }
  },
  refuses: { EndorsementError: ['ENDORSEMENT_MALFORMED'] },
}
