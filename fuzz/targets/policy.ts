import { parsePolicy } from '../../packages/verifier/src/policy/parse-policy.ts'
import { JSON_TEXT, MEMBERS, TEXT } from '../engine/refusals.ts'
import { files, inJson } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

export const target: FuzzTarget = {
  sources: [
    'packages/verifier/src/policy/parse-policy.ts',
    'packages/verifier/src/policy/parse-sgx.ts',
    'packages/verifier/src/policy/parse-sev-snp.ts',
    'packages/verifier/src/policy/parse-nitro.ts',
    'packages/verifier/src/policy/read-members.ts',
    'packages/verifier/src/policy/read-dcap-tcb.ts',
  ],
  seeds: [
    files('vectors/attestation/raw/policy.json'),
    inJson('vectors/attestation/simulated*/*.json', 'policy', 'text'),
    inJson('vectors/attestation/{tdx,sgx,snp,nitro}/cases.json', 'cases.*.policy', 'text'),
  ],
  isText: true,
  parse: parsePolicy,
  refuses: joinRefusals(TEXT, JSON_TEXT, MEMBERS, {
    MalformedError: ['UNKNOWN_MEMBER'],
    PolicyError: [
      ...['POLICY_CLASS_WITHOUT_ROOT', 'POLICY_HARDWARE_ROOT_SIMULATED', 'POLICY_DUPLICATE_REFERENCE'],
      ...['POLICY_CONTRADICTION'],
    ],
  }),
}
