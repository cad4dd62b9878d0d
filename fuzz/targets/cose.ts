import { parseSign1 } from '../../packages/verifier/src/cose/sign1.ts'
import { CBOR } from '../engine/refusals.ts'
import { files, inJson } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

export const target: FuzzTarget = {
  sources: ['packages/verifier/src/cose/sign1.ts', 'packages/verifier/src/cbor/map-reader.ts'],
  seeds: [
    files('vectors/attestation/nitro/*.cbor'),
    files('vectors/attestation/snp/*.cose'),
    inJson('vectors/attestation/simulated-nitro/*.json', 'document.evidence.bytes', 'base64url'),
  ],
  parse: (bytes) => parseSign1('fuzz', bytes, 16_384),
  refuses: joinRefusals(CBOR, {
    MalformedError: ['WRONG_TYPE', 'WRONG_VALUE', 'WRONG_LENGTH', 'TOO_LONG', 'MISSING_MEMBER', 'UNKNOWN_MEMBER'],
    VerifierError: ['UNSUPPORTED_ALGORITHM', 'UNSUPPORTED_VALUE'],
  }),
}
