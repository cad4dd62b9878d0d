import { readFile } from 'node:fs/promises'
import {
  type DcapEndorsements,
  type Endorsements,
  fromBase64Url,
  isMalformedError,
  type SnpEndorsements,
  type UnixSeconds,
  unixSeconds,
} from '@blindai/core'
import {
  type DcapNeeds,
  type EndorsementNeeds,
  isVerifierError,
  readEndorsement,
  type SnpNeeds,
  type SnpProduct,
} from '@blindai/verifier'
import { DiskCache } from './cache/disk.ts'
import { ResourceCache } from './cache/resource-cache.ts'
import { EndorsementError, isEndorsementError } from './endorsement-error.ts'
import type { EndorsementEvent } from './event.ts'
import { DEFAULT_RETRY, type Pace, type RetryRules, sleep } from './http/retry.ts'
import type { Obtained } from './resource.ts'
import { assembleSnp, snpResources } from './services/amd.ts'
import { assembleDcap, dcapResources } from './services/intel.ts'
import type { EndorsementSettings } from './settings.ts'

/** Gives endorsements for what evidence needs. */
export interface EndorsementFetcher {
  /**
   * @param given - what the platform's host handed out; a part of it is used where no service has that part.
   * @throws {EndorsementError} when there is no valid copy and none can be had; the reason of the signal.
   */
  fetch(
    needs: EndorsementNeeds,
    options?: { readonly given?: Endorsements | undefined; readonly signal?: AbortSignal },
  ): Promise<Endorsements>
  /** Ends what is under way. */
  close(): Promise<void>
}

/** What a fetcher depends on; each has a default that tests replace. */
export interface FetcherDependencies {
  readonly clock?: () => UnixSeconds
  readonly random?: () => number
  readonly sleep?: Pace['sleep']
  readonly retry?: RetryRules
  /** For one attempt, from connecting to the last byte. */
  readonly timeoutMs?: number
  readonly onEvent?: (event: EndorsementEvent) => void
}

const DEFAULT_TIMEOUT_MS = 10_000

/**
 * Opens a fetcher over the services of the settings. Nothing is asked until something is needed.
 *
 * @throws an error of the system for a `caFile` that cannot be read.
 */
export async function openEndorsementFetcher(
  settings: EndorsementSettings,
  dependencies: FetcherDependencies = {},
): Promise<EndorsementFetcher> {
  const { cacheDir, intel, amd } = settings
  const { clock = systemClock, random = Math.random, onEvent = () => undefined } = dependencies
  const cache = new ResourceCache({
    disk: cacheDir === undefined ? undefined : new DiskCache(cacheDir),
    pace: { clock, random, sleep: dependencies.sleep ?? sleep },
    retry: dependencies.retry ?? DEFAULT_RETRY,
    timeoutMs: dependencies.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    onEvent,
  })
  const [intelAuthorities, amdAuthorities] = await Promise.all([readPem(intel?.caFile), readPem(amd?.caFile)])
  return new ServiceFetcher(settings, { intel: intelAuthorities, amd: amdAuthorities }, cache)
}

async function readPem(file: string | undefined): Promise<string | undefined> {
  return file === undefined ? undefined : readFile(file, 'utf8')
}

interface Authorities {
  readonly intel: string | undefined
  readonly amd: string | undefined
}

class ServiceFetcher implements EndorsementFetcher {
  readonly #settings: EndorsementSettings
  readonly #authorities: Authorities
  readonly #cache: ResourceCache

  constructor(settings: EndorsementSettings, authorities: Authorities, cache: ResourceCache) {
    this.#settings = settings
    this.#authorities = authorities
    this.#cache = cache
  }

  async fetch(
    needs: EndorsementNeeds,
    { given, signal }: { readonly given?: Endorsements | undefined; readonly signal?: AbortSignal } = {},
  ): Promise<Endorsements> {
    return needs.technology === 'dcap'
      ? this.#fetchDcap(needs, signal)
      : this.#fetchSnp(needs, given?.type === 'snp' ? given : undefined, signal)
  }

  close(): Promise<void> {
    return this.#cache.close()
  }

  async #fetchDcap(needs: DcapNeeds, signal: AbortSignal | undefined): Promise<DcapEndorsements> {
    const { intel } = this.#settings
    if (intel === undefined) throw new EndorsementError('SERVICE_NOT_CONFIGURED', { technology: 'Intel SGX and TDX' })
    const asked = dcapResources(needs, intel, this.#authorities.intel)
    const [pckCrl, rootCaCrl, tcbInfo, qeIdentity] = await all([
      this.#cache.get(asked.pckCrl, signal),
      this.#cache.get(asked.rootCaCrl, signal),
      this.#cache.get(asked.tcbInfo, signal),
      this.#cache.get(asked.qeIdentity, signal),
    ])
    return assembleDcap({ pckCrl, rootCaCrl, tcbInfo, qeIdentity })
  }

  /** Where the report does not say what processor it is of, the service is asked for each that it can be. */
  async #fetchSnp(
    needs: SnpNeeds,
    given: SnpEndorsements | undefined,
    signal: AbortSignal | undefined,
  ): Promise<SnpEndorsements> {
    const [first, ...others] = needs.signingKey === 'VLEK' ? lentFor(needs, given) : needs.products
    let missing: unknown
    for (const product of [first, ...others]) {
      try {
        return await this.#fetchProduct(needs, product, given, signal)
      } catch (error) {
        if (!isEndorsementError(error) || !NOT_THIS_PRODUCT.includes(error.code)) throw error
        missing ??= error
      }
    }
    throw missing
  }

  async #fetchProduct(
    needs: SnpNeeds,
    product: SnpProduct,
    given: SnpEndorsements | undefined,
    signal: AbortSignal | undefined,
  ): Promise<SnpEndorsements> {
    const { amd } = this.#settings
    if (amd === undefined) throw new EndorsementError('SERVICE_NOT_CONFIGURED', { technology: 'AMD SEV-SNP' })
    const asked = snpResources(needs, product, amd, this.#authorities.amd)
    // First what tells whether the product is right: the service has a limit of requests.
    const vcek = asked.vcek && (await this.#cache.get(asked.vcek, signal))
    const [chain, crl] = await all([this.#cache.get(asked.chain, signal), this.#cache.get(asked.crl, signal)])
    return assembleSnp({ ...(vcek && { vcek }), chain, crl }, given?.vlek)
  }
}

/** What a service answers that knows no such chip among those of a product. */
const NOT_THIS_PRODUCT: readonly string[] = ['ENDORSEMENT_NOT_FOUND', 'SERVICE_REFUSED']

/** The product whose authority lent the key. @throws {EndorsementError} `LENT_KEY_NOT_GIVEN`, `ENDORSEMENT_MALFORMED`. */
function lentFor({ products }: SnpNeeds, given: SnpEndorsements | undefined): readonly [SnpProduct] {
  const [first] = products
  if (given?.vlek === undefined) throw new EndorsementError('LENT_KEY_NOT_GIVEN', { product: products.join(' or ') })
  const issuer = issuerOf(given.vlek)
  return [products.find((product) => issuer.endsWith(`-${product}`)) ?? first]
}

function issuerOf(vlek: string): string {
  try {
    return readEndorsement('certificate', 'VLEK', fromBase64Url('VLEK', vlek)).issuer ?? ''
  } catch (cause) {
    if (!isMalformedError(cause) && !isVerifierError(cause)) throw cause
    throw new EndorsementError('ENDORSEMENT_MALFORMED', { resource: 'the host', reason: cause.code }, { cause })
  }
}

/** Waits for all of them before it says that one failed: none is left behind. */
async function all<const T extends readonly Promise<Obtained>[]>(
  promises: T,
): Promise<{ readonly [I in keyof T]: Obtained }> {
  await Promise.allSettled(promises)
  return Promise.all(promises)
}

function systemClock(): UnixSeconds {
  return unixSeconds(Math.floor(Date.now() / 1000))
}
