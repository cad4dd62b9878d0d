import { parseTpmSignature } from '../../packages/verifier/src/formats/tpm/signature.ts'
import { TPM } from '../engine/refusals.ts'
import { files, inJson, insideOf, written } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

const EVIDENCE = inJson('vectors/attestation/simulated-tpm/*.json', 'document.evidence.bytes', 'base64url')

/** ECDSA with SHA-256, and r and s of one byte. */
const ECDSA = Uint8Array.of(0, 0x18, 0, 0x0b, 0, 1, 7, 0, 1, 9)

export const target: FuzzTarget = {
  sources: ['packages/verifier/src/formats/tpm/signature.ts', 'packages/verifier/src/formats/tpm/tpm-reader.ts'],
  seeds: [
    files('vectors/attestation/{tpm,azure-hcl}/*.sig'),
    insideOf(EVIDENCE, 'signature', 'base64url'),
    written(ECDSA),
  ],
  parse: parseTpmSignature,
  refuses: joinRefusals(TPM, { MalformedError: ['WRONG_VALUE'] }),
}
