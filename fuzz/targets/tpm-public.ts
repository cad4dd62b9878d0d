import {
  parseSizedTpmPublic,
  parseTpmPublic,
  type TpmPublic,
} from '../../packages/verifier/src/formats/tpm/public-area.ts'
import { TPM, TPM_PUBLIC } from '../engine/refusals.ts'
import { inJson, insideOf } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

const EVIDENCE = inJson('vectors/attestation/simulated-tpm/*.json', 'document.evidence.bytes', 'base64url')

/** The area begins with its type, RSA or ECC; anything else there is the size of one. */
function parse(bytes: Uint8Array): TpmPublic {
  const [high = 0, low = 0] = bytes
  return high === 0 && (low === 0x01 || low === 0x23) ? parseTpmPublic(bytes) : parseSizedTpmPublic(bytes)
}

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
  parse,
  refuses: joinRefusals(TPM, TPM_PUBLIC),
}
