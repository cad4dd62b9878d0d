import type { UnixSeconds } from '@blindai/core'
import type { ParsedEvidence } from '../document/document.ts'
import { type ProvedHcl, proveHcl } from '../formats/azure-hcl/prove-hcl.ts'
import { type ProvedNitro, proveNitro } from '../formats/nitro/prove-nitro.ts'
import type { ProvedNvidia } from '../formats/nvidia/prove-nvidia.ts'
import { type ProvedSgx, proveSgx } from '../formats/sgx/prove-sgx.ts'
import { type ProvedSnp, proveSnp } from '../formats/snp/prove-snp.ts'
import { type ProvedTdx, proveTdx } from '../formats/tdx/prove-tdx.ts'
import type { TpmTrust } from '../formats/tpm/bind-ak.ts'
import { type ProvedTpm, proveTpm } from '../formats/tpm/prove-tpm.ts'
import type { NamedReference, Policy } from '../policy/policy.ts'
import type { TcbClaims } from '../result/claims.ts'
import type { SnpTcbClaims } from '../result/snp-claims.ts'
import type { CheckList } from './check-list.ts'
import { judgeHcl } from './judge-hcl.ts'
import { judgeNitro } from './judge-nitro.ts'
import { judgeNvidia } from './judge-nvidia.ts'
import { judgeSgx } from './judge-sgx.ts'
import { judgeSnp } from './judge-snp.ts'
import { judgeTdx } from './judge-tdx.ts'
import { judgeTpm } from './judge-tpm.ts'

/** Bare evidence with its endorsements; `endorsements` has the members of one of core's `Endorsements`. */
export interface BareEvidence extends ParsedEvidence {
  readonly endorsements?: unknown
}

/** What evidence of any format proves. */
export type ProvedEvidence = ProvedTdx | ProvedSgx | ProvedSnp | ProvedNitro | ProvedTpm | ProvedHcl | ProvedNvidia

/** What a policy makes of proved evidence. */
export interface Judgement {
  /** Absent where the format names no version of the platform. */
  readonly tcb?: TcbClaims | SnpTcbClaims
  /** The reference value that matched, if one did. */
  readonly release: NamedReference | undefined
}

/**
 * Proves evidence of the format that it claims.
 *
 * @throws {Halt} at the first check that fails; the list says which.
 */
export async function proveEvidence(
  checks: CheckList,
  { format, bytes, log, endorsements }: BareEvidence,
  policy: Policy,
  now: UnixSeconds,
): Promise<ProvedEvidence> {
  const common = { bytes: new Uint8Array(bytes), endorsements, simulatedRoots: policy.simulated?.rootSha256, now }
  switch (format) {
    case 'tdx':
    case 'simulated':
      // The log of the simulated TEE is the list of the files that it measured, for people.
      return proveTdx(checks, { format, ...common, log: format === 'tdx' ? log : undefined })
    case 'sgx':
    case 'simulated-sgx':
      return proveSgx(checks, { format, ...common })
    case 'sev-snp':
    case 'simulated-sev-snp':
      return proveSnp(checks, { format, ...common, requireCrl: policy.sevSnp.requireCrl })
    case 'nitro':
    case 'simulated-nitro':
      return proveNitro(checks, { format, ...common })
    case 'tpm':
    case 'simulated-tpm':
      return proveTpm(checks, { format, ...common, log, trust: tpmTrustOf(policy, now) })
    case 'azure-hcl':
    case 'simulated-azure-hcl':
      return proveHcl(checks, { format, ...common, log, requireCrl: policy.sevSnp.requireCrl })
    case 'nvidia':
    case 'simulated-nvidia': {
      // The XML, SPDM and OCSP of a GPU are a seventh of this package: a page that judges none does not load them.
      const { proveNvidia } = await import('../formats/nvidia/prove-nvidia.ts')
      return proveNvidia(checks, { format, ...common, requireOcsp: policy.nvidia.requireOcsp })
    }
    default:
      return format satisfies never
  }
}

/** Holds proved evidence against a policy. */
export function judgeEvidence(checks: CheckList, proved: ProvedEvidence, policy: Policy): Judgement {
  if (proved.technology === 'sgx') return { tcb: proved.tcb, release: judgeSgx(checks, proved, policy) }
  if (proved.technology === 'snp') return judgeSnp(checks, proved, policy)
  if (proved.technology === 'hcl') return judgeHcl(checks, proved, policy)
  if (proved.technology === 'tpm') return { release: judgeTpm(checks, proved, policy) }
  if (proved.technology === 'nvidia') return { release: judgeNvidia(checks, proved, policy) }
  if (proved.technology === 'nitro') return { release: judgeNitro(checks, proved, policy) }
  return { tcb: proved.tcb, release: judgeTdx(checks, proved, policy) }
}

function tpmTrustOf({ tpm, simulated }: Policy, now: UnixSeconds): TpmTrust {
  const { attestationKeys, akRoots, cloudRoots, ekRoots } = tpm
  const akNames = attestationKeys.map(({ name }) => name)
  return { akNames, akRoots, cloudRoots, ekRoots, simulatedRoots: simulated?.rootSha256, now }
}
