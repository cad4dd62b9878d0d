import { parseTpmQuote } from '../../packages/verifier/src/formats/tpm/quote.ts'
import { TPM } from '../engine/refusals.ts'
import { files, inJson, insideOf } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

const EVIDENCE = inJson('vectors/attestation/simulated-tpm/*.json', 'document.evidence.bytes', 'base64url')

export const target: FuzzTarget = {
  sources: [
    'packages/verifier/src/formats/tpm/quote.ts',
    'packages/verifier/src/formats/tpm/tpm-reader.ts',
    'packages/verifier/src/formats/tpm/pcr-selection.ts',
  ],
  seeds: [
    files('vectors/attestation/{tpm,azure-hcl}/*.msg'),
    insideOf(EVIDENCE, 'quoted', 'base64url'),
    inJson('vectors/attestation/tpm/uefi-evidence-*.json', 'quoted', 'hex'),
  ],
  parse: parseTpmQuote,
  refuses: joinRefusals(TPM, {
    MalformedError: ['WRONG_VALUE'],
    VerifierError: ['TPM_NOT_GENERATED', 'TPM_NOT_A_QUOTE'],
  }),
}
