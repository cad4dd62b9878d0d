import { parseNitroDocument } from '../../packages/verifier/src/formats/nitro/attestation-document.ts'
import { CBOR } from '../engine/refusals.ts'
import { files, inJson } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

export const target: FuzzTarget = {
  sources: [
    'packages/verifier/src/formats/nitro/attestation-document.ts',
    'packages/verifier/src/cose/sign1.ts',
    'packages/verifier/src/cbor/map-reader.ts',
  ],
  seeds: [
    files('vectors/attestation/nitro/*.cbor'),
    inJson('vectors/attestation/simulated-nitro/*.json', 'document.evidence.bytes', 'base64url'),
  ],
  parse: parseNitroDocument,
  refuses: joinRefusals(CBOR, {
    MalformedError: ['TOO_LONG', 'MISSING_MEMBER', 'UNKNOWN_MEMBER', 'WRONG_TYPE', 'WRONG_VALUE', 'WRONG_LENGTH'],
    VerifierError: ['UNSUPPORTED_VALUE', 'UNSUPPORTED_ALGORITHM'],
  }),
}
