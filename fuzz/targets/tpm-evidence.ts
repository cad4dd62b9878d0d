import { parseTpmEvidence } from '../../packages/verifier/src/formats/tpm/evidence.ts'
import { JSON_TEXT, MEMBERS, TEXT, TPM, TPM_PUBLIC } from '../engine/refusals.ts'
import { inJson } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

export const target: FuzzTarget = {
  sources: ['packages/verifier/src/formats/tpm/evidence.ts', 'packages/verifier/src/formats/tpm/pcr-values.ts'],
  seeds: [inJson('vectors/attestation/simulated-tpm/*.json', 'document.evidence.bytes', 'base64url')],
  isText: true,
  parse: parseTpmEvidence,
  refuses: joinRefusals(TEXT, JSON_TEXT, MEMBERS, TPM, TPM_PUBLIC, {
    MalformedError: ['UNKNOWN_MEMBER', 'NOT_BASE64URL'],
    VerifierError: ['TPM_NOT_GENERATED', 'TPM_NOT_A_QUOTE'],
  }),
}
