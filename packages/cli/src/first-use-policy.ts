import { connect } from '@blindai/client'
import { formatUnixSeconds, type IsolationLevel, type JsonObject, type UnixSeconds } from '@blindai/core'
import type { AttestationResult, TdxClaims } from '@blindai/verifier'
import { reportOf } from './failure.ts'
import { SIMULATED_WARNING } from './simulator.ts'

const REGISTERS = ['mrTd', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'] as const

/** Proved evidence: its claims are the signer's, not the server's. */
interface Proved {
  readonly claims: TdxClaims
}

export interface FirstUse {
  /** Simulated evidence is believed only where this is said. */
  readonly simulated: boolean
  readonly isolation: readonly IsolationLevel[]
  readonly now: UnixSeconds
}

/**
 * The policy file that accepts what a server measures now. Its evidence must be proved under a known root; which code the
 * measurements stand for is taken on trust, and each reference value says so for ever.
 *
 * @throws {BlindAiError} `EVIDENCE_REFUSED` where the evidence is not proved, or is simulated and that was not said.
 */
export async function firstUsePolicy(url: string, { simulated, isolation, now }: FirstUse): Promise<JsonObject> {
  const { claims } = await judge(url, simulated)
  const date = formatUnixSeconds(now).slice(0, 10)
  const reference = {
    name: `${new URL(url).host} on first use`,
    date,
    source: 'trust-on-first-use',
    ...Object.fromEntries(REGISTERS.map((register) => [register, claims[register]])),
  }
  const common = { version: 1, name: `what ${new URL(url).host} said on ${date}, trusted on first use` }
  const config = { isolation: [...isolation] }
  if (claims.format === 'tdx')
    return { ...common, trustClasses: ['hardware'], tdx: { measurements: [reference] }, config }
  return {
    ...common,
    name: `${common.name}; ${SIMULATED_WARNING}`,
    trustClasses: ['simulated'],
    simulated: { rootSha256: [claims.rootSha256], measurements: [reference] },
    config,
  }
}

/**
 * What a policy without reference values finds: at best a warning, with the measurements in its claims.
 *
 * @throws what `connect` throws where nothing is proved.
 */
async function judge(url: string, simulated: boolean, rootSha256?: string): Promise<Proved> {
  const policy = { version: 1, name: 'first use', ...(rootSha256 && { simulated: { rootSha256: [rootSha256] } }) }
  try {
    const session = await connect({ url, policy })
    await session.close()
    throw new RangeError('a policy without reference values cannot end as affirming')
  } catch (error) {
    const report = reportOf(error)
    if (report?.claims !== undefined && 'mrTd' in report.claims) return { claims: report.claims }
    const root = simulatedRootOf(report)
    if (!simulated || root === undefined || rootSha256 !== undefined) throw error
    return await judge(url, simulated, root)
  }
}

/** The root of simulated evidence that no policy allowed. */
function simulatedRootOf(result: AttestationResult | undefined): string | undefined {
  if (result === undefined || result.status === 'affirming') return undefined
  const { code, details } = result.failed.error ?? {}
  if (code !== 'SIMULATED_NOT_ALLOWED' || typeof details !== 'object' || details === null) return undefined
  return 'rootSha256' in details && typeof details.rootSha256 === 'string' ? details.rootSha256 : undefined
}
