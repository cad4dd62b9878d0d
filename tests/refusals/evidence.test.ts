import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '@blindai/client'
import { type EvidenceSource, unixSeconds } from '@blindai/core'
import { openSimulator, type Simulator } from '@blindai/simulator'
import { DEFAULT_POLICY, type Policy, parsePolicy, verifyEvidence } from '@blindai/verifier'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keeper } from '../../packages/client/test/cleanup.ts'
import { capture } from '../../packages/verifier/test/support/captures.ts'
import { policyOf, type Served, serve } from '../support/served.ts'

/** A real server and the real client; what differs is the policy, or what the server's device says. */
let honest: Served
let elsewhere: Simulator
let folder: string
const kept = keeper()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blindai-elsewhere-'))
  ;[honest, elsewhere] = await Promise.all([serve({ plain: true }), openSimulator(folder)])
})
afterAll(async () => {
  await honest?.close()
  await rm(folder, { recursive: true })
})

const TRANSPORTS = ['tls', 'ohttp'] as const

interface Attempt {
  readonly served?: Served
  readonly policy?: Policy
  readonly now?: number
}

/** The error of a client that connects in that way; it has a report, and the report has no key. */
async function refusal(transport: (typeof TRANSPORTS)[number], attempt: Attempt): Promise<unknown> {
  const { served = honest, policy = honest.policy, now } = attempt
  const url = transport === 'tls' ? served.server.url : (served.server.plainUrl ?? '')
  const clock = now === undefined ? {} : { now: () => now }
  try {
    kept(await connect({ url, policy, transport, apiKey: served.key('alice'), ...clock }))
  } catch (error) {
    const { report } = Object(error)
    expect(report).not.toHaveProperty('channel')
    expect(JSON.stringify(report)).not.toMatch(/"(?:ohttp|channelKey|keyset)":/)
    return error
  }
  throw new Error('the evidence was accepted')
}

function refused(check: string, reason: string, status = 'none'): object {
  return {
    family: 'stop',
    code: 'EVIDENCE_REFUSED',
    details: { status, check, reason },
    report: { status, failed: { code: check, error: { code: reason } } },
  }
}

/** A policy of members that the honest one has otherwise, or not. */
function changed(members: object): Policy {
  return parsePolicy({ ...policyOf(honest.simulator), ...members })
}

describe.each(TRANSPORTS)('over %s, simulated evidence', (transport) => {
  test('is accepted by the policy that names this installation', async () => {
    const { server, key } = honest
    const url = transport === 'tls' ? server.url : (server.plainUrl ?? '')
    const session = kept(await connect({ url, policy: honest.policy, transport, apiKey: key('alice') }))
    expect(session.result).toMatchObject({ status: 'affirming', trustClass: 'simulated' })
  })

  test('is refused by the default policy', async () => {
    expect(await refusal(transport, { policy: DEFAULT_POLICY })).toMatchObject(
      refused('dcap.root', 'SIMULATED_NOT_ALLOWED'),
    )
  })

  test('is refused by a policy that knows these measurements under another installation’s root', async () => {
    const simulated = { rootSha256: [elsewhere.rootSha256], measurements: measurementsOf(honest.simulator) }
    expect(await refusal(transport, { policy: changed({ simulated }) })).toMatchObject(
      refused('dcap.root', 'SIMULATED_ROOT_UNKNOWN'),
    )
  })

  test('is refused when it is labelled tdx', async () => {
    const evidence: EvidenceSource = { ...honest.simulator.source, format: 'tdx' }
    const served = kept(await serve({ plain: true, simulator: honest.simulator, evidence }))
    expect(await refusal(transport, { served })).toMatchObject(refused('dcap.root', 'SIMULATED_LABELLED_HARDWARE'))
  })

  test('is refused as a root that nobody trusts when it is labelled tdx and the policy is the default one', async () => {
    const evidence: EvidenceSource = { ...honest.simulator.source, format: 'tdx' }
    const served = kept(await serve({ plain: true, simulator: honest.simulator, evidence }))
    expect(await refusal(transport, { served, policy: DEFAULT_POLICY })).toMatchObject(
      refused('dcap.root', 'ROOT_NOT_TRUSTED'),
    )
  })

  test('is refused, though genuine, where the policy has no reference value', async () => {
    const simulated = { rootSha256: [honest.simulator.rootSha256] }
    expect(await refusal(transport, { policy: changed({ simulated }) })).toMatchObject(
      refused('policy.measurement', 'MEASUREMENT_NOT_CHECKED', 'warning'),
    )
  })

  test.each(['mrTd', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'] as const)('is refused when %s differs', async (register) => {
    const [here] = measurementsOf(honest.simulator)
    const measurements = [{ ...here, [register]: 'ab'.repeat(48) }]
    const simulated = { rootSha256: [honest.simulator.rootSha256], measurements }
    const error = await refusal(transport, { policy: changed({ simulated }) })
    expect(error).toMatchObject(refused('policy.measurement', 'MEASUREMENT_MISMATCH', 'contraindicated'))
    expect(error).toMatchObject({ report: { failed: { error: { details: { register } } } } })
  })

  test('is refused when the server’s own words are not what the policy wants', async () => {
    const served = kept(await serve({ plain: true, simulator: honest.simulator, unattestedClients: true }))
    const policy = changed({ config: { unattestedClients: [false] } })
    expect(await refusal(transport, { served, policy })).toMatchObject(
      refused('policy.config', 'CONFIG_NOT_ACCEPTED', 'contraindicated'),
    )
  })
})

describe('evidence of real hardware', () => {
  const { quote, endorsements, now, policy } = capture('TDX 1.5 in a version 4 quote')
  const source = (format: 'tdx' | 'simulated'): EvidenceSource => ({
    format,
    collect: async () => ({ bytes: new Uint8Array(quote) }),
    endorsements: async () => endorsements,
  })

  test.each(TRANSPORTS)('is refused over %s when it is labelled simulated', async (transport) => {
    const served = kept(await serve({ plain: true, simulator: honest.simulator, evidence: source('simulated') }))
    for (const strict of [served.policy, DEFAULT_POLICY]) {
      expect(await refusal(transport, { served, policy: strict, now })).toMatchObject(
        refused('dcap.root', 'HARDWARE_LABELLED_SIMULATED'),
      )
    }
  })

  test.each(TRANSPORTS)('is refused over %s when it speaks for somebody else’s keys', async (transport) => {
    const served = kept(await serve({ plain: true, simulator: honest.simulator, evidence: source('tdx') }))
    expect(await refusal(transport, { served, policy: parsePolicy(policy), now })).toMatchObject(
      refused('binding.report-data', 'REPORT_DATA_MISMATCH'),
    )
  })

  test('is a warning and no more where the policy has no reference value', async () => {
    const lenient = parsePolicy({ ...policy, tdx: { ...Object(policy.tdx), measurements: [] } })
    const result = await verifyEvidence({ format: 'tdx', bytes: quote, endorsements }, lenient, {
      now: unixSeconds(now),
    })
    expect(result).toMatchObject({
      status: 'warning',
      trustClass: 'hardware',
      failed: { code: 'policy.measurement', status: 'skipped', error: { code: 'MEASUREMENT_NOT_CHECKED' } },
    })
    expect(result).not.toHaveProperty('channel')
  })
})

function measurementsOf({ measurements }: Simulator): object[] {
  return [{ name: 'here', date: '2026-11-23', ...measurements }]
}
