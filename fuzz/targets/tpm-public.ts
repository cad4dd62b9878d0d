import { parseSizedTpmPublic, parseTpmPublic } from '../../packages/verifier/src/formats/tpm/public-area.ts'
import { TPM, TPM_PUBLIC } from '../engine/refusals.ts'
import { inJson, insideOf } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

const EVIDENCE = inJson('vectors/attestation/simulated-tpm/*.json', 'document.evidence.bytes', 'base64url')

export const target: FuzzTarget = {
  sources: [
    'packages/verifier/src/formats/tpm/public-area.ts',
    'packages/verifier/src/formats/tpm/algorithms.ts',
    'packages/verifier/src/formats/tpm/tpm-reader.ts',
  ],
  seeds: [
    insideOf(EVIDENCE, 'akPublic', 'base64url'),
    inJson('vectors/attestation/tpm/uefi-evidence-*.json', 'akPub', 'hex'),
    inJson('vectors/attestation/tpm/uefi-evidence-*.json', 'ekPub', 'hex'),
  ],
  // The area begins with its type, 0001 or 0023; with a size before it, the first byte is the size's.
  parse: (bytes) =>
    (bytes[2] ?? 0) === 0 && bytes.byteLength > 3 ? parseSizedTpmPublic(bytes) : parseTpmPublic(bytes),
  refuses: joinRefusals(TPM, TPM_PUBLIC),
}
