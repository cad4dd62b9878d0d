import { parseHclReport } from '../../packages/verifier/src/formats/azure-hcl/hcl-report.ts'
import { parseRuntimeClaims } from '../../packages/verifier/src/formats/azure-hcl/runtime-claims.ts'
import { JSON_TEXT, MEMBERS, TEXT } from '../engine/refusals.ts'
import { inJson, type Seed } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

/** The claims inside real reports. */
function claimsOf({ glob, take }: Seed): Seed {
  return { glob, take: (file) => take(file).map((report) => parseHclReport(report).runtimeClaims) }
}

export const target: FuzzTarget = {
  sources: ['packages/verifier/src/formats/azure-hcl/runtime-claims.ts'],
  seeds: [claimsOf(inJson('vectors/attestation/azure-hcl/azure-*-evidence*.json', 'hcl_report', 'base64url'))],
  isText: true,
  parse: parseRuntimeClaims,
  refuses: joinRefusals(TEXT, JSON_TEXT, MEMBERS, {
    MalformedError: ['NOT_BASE64URL'],
    VerifierError: ['HCL_KEY_MISSING', 'HCL_KEY_REPEATED', 'UNSUPPORTED_VALUE', 'PUBLIC_KEY_INVALID'],
  }),
}
