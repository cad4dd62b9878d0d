import { toHex, type UnixSeconds } from '@blindai/core'
import type { CheckList } from '../../appraisal/check-list.ts'
import { trustClassOf } from '../../appraisal/trust-anchor.ts'
import { isSameKey } from '../../crypto/public-key.ts'
import { VerifierError } from '../../errors/verifier-error.ts'
import { verifyChain } from '../../x509/chain.ts'
import { sha256Hex } from '../../x509/chain-roles.ts'
import type { TpmChain } from './endorsements.ts'
import { type TpmPublic, tpmName } from './public-area.ts'
import { CLOUD_AK_ROOT_SHA256 } from './roots.ts'

/** The two formats that a TPM's quote travels by. */
export type TpmFormat = 'tpm' | 'simulated-tpm'

/** Whose attestation keys count. Names and digests are lower-case hex. */
export interface TpmTrust {
  /** Names of keys that an enrolment found to be a TPM's. */
  readonly akNames: readonly string[]
  /** Authorities that certify attestation keys, besides the clouds'. */
  readonly akRoots: readonly string[]
  readonly cloudRoots: boolean
  /** Authorities that certify endorsement keys. */
  readonly ekRoots: readonly string[]
  readonly simulatedRoots: readonly string[] | undefined
  readonly now: UnixSeconds
}

/** What vouches for an attestation key, and what it is worth. */
export interface BoundAk {
  /** Lower-case hex. */
  readonly name: string
  readonly boundBy: 'policy' | 'certificate' | undefined
  /** `none` when nothing vouches for it: whoever has a key can sign a quote. */
  readonly trustClass: 'none' | 'simulated' | 'measured-boot'
  /** Of the chain that was verified. */
  readonly rootSha256?: string
}

/**
 * Finds what vouches for an attestation key: the policy, which an enrolment wrote, or a certificate of an authority that
 * counts. Where nothing does, `tpm.ak-bound` is skipped, and what the key signed is not more than its own word.
 *
 * @throws {Halt} when a chain of an authority that counts does not hold, or the format claims what the root is not.
 */
export async function bindAk(
  checks: CheckList,
  format: TpmFormat,
  ak: TpmPublic,
  chain: TpmChain | undefined,
  trust: TpmTrust,
): Promise<BoundAk> {
  const name = toHex(await tpmName(ak))
  const certified = chain && (await proveAkChain(checks, format, ak, chain, trust))
  if (certified !== undefined) {
    checks.pass('tpm.ak-bound')
    return { name, boundBy: 'certificate', ...certified }
  }
  if (format === 'simulated-tpm') {
    return checks.prove('tpm.ak-bound', () => {
      throw new VerifierError('TPM_AK_CERTIFICATE_MISSING', { format })
    })
  }
  if (trust.akNames.includes(name)) {
    checks.pass('tpm.ak-bound')
    return { name, boundBy: 'policy', trustClass: 'measured-boot' }
  }
  checks.skip('tpm.ak-bound', notBound(name, trust))
  return { name, boundBy: undefined, trustClass: 'none' }
}

/** Why a key does not count: nobody asked whose it is, or it is of nobody who was named. */
function notBound(name: string, { akNames, akRoots }: TpmTrust): VerifierError {
  if (akNames.length === 0 && akRoots.length === 0) return new VerifierError('TPM_AK_NOT_CHECKED', { name })
  return new VerifierError('TPM_AK_NOT_BOUND', { name, accepted: akNames })
}

/** What a chain makes of a key; undefined when its root is of nobody who counts. */
async function proveAkChain(
  checks: CheckList,
  format: TpmFormat,
  ak: TpmPublic,
  chain: TpmChain,
  trust: TpmTrust,
): Promise<Pick<BoundAk, 'trustClass' | 'rootSha256'> | undefined> {
  const [leaf] = chain
  const rootSha256 = await rootOf(chain)
  const isPinned = trust.akRoots.includes(rootSha256) || (trust.cloudRoots && isCloudRoot(rootSha256))
  const isNobodys = !isPinned && trust.simulatedRoots?.includes(rootSha256) !== true
  if (format === 'tpm' && isNobodys) {
    checks.skip('tpm.ak-chain', new VerifierError('ROOT_NOT_TRUSTED', { format, rootSha256 }))
    return undefined
  }
  return checks.prove('tpm.ak-chain', async () => {
    const rootClass = trustClassOf(format, rootSha256, isPinned || isCloudRoot(rootSha256), trust.simulatedRoots)
    await verifyChain(chain, 'end-entity', trust.now)
    if (!isSameKey(leaf.publicKey, ak.key)) {
      throw new VerifierError('TPM_AK_CERTIFICATE_MISMATCH', { subject: leaf.subject.commonName })
    }
    return { rootSha256, trustClass: rootClass === 'simulated' ? 'simulated' : 'measured-boot' }
  })
}

/**
 * Checks the certificate of the endorsement key, where there is one and the policy names authorities of such. It shows that
 * there is a TPM, and nothing of the attestation key: only an exchange with that TPM ties the two, which enrolment has.
 *
 * @returns the root that was verified.
 * @throws {Halt}
 */
export async function proveEkChain(
  checks: CheckList,
  format: TpmFormat,
  chain: TpmChain | undefined,
  { ekRoots, now }: TpmTrust,
): Promise<string | undefined> {
  if (chain === undefined || ekRoots.length === 0) return undefined
  return checks.prove('tpm.ek-chain', async () => {
    const rootSha256 = await rootOf(chain)
    if (!ekRoots.includes(rootSha256)) throw new VerifierError('ROOT_NOT_TRUSTED', { format, rootSha256 })
    await verifyChain(chain, 'decrypting-end-entity', now)
    return rootSha256
  })
}

function isCloudRoot(rootSha256: string): boolean {
  return Object.values(CLOUD_AK_ROOT_SHA256).includes(rootSha256)
}

function rootOf(chain: TpmChain): Promise<string> {
  return sha256Hex(chain.at(-1)?.der ?? new Uint8Array())
}
