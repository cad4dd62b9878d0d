import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { connect } from '@blindai/client'
import { type EvidenceSource, fromBase64Url, toBase64Url, unixSeconds, utf8 } from '@blindai/core'
import { parseDocument, verify } from '@blindai/verifier'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCertificateAuthority } from '../../packages/client/test/certificates.node.ts'
import { keeper } from '../../packages/client/test/cleanup.ts'
import {
  ATTESTATION,
  type Exchange,
  type Listening,
  listenPlain,
  listenTls,
  seen,
} from '../../packages/client/test/listeners.node.ts'
import { policyOf, type Served, serve } from '../support/served.ts'
import { giveBack, type Onward, onwardTo, type Passed, passing } from './front.ts'

/** Two real servers of one installation: what tells them apart is their keys alone. */
let a: Served
let b: Served

const kept = keeper()
const foreign = createCertificateAuthority('Operator of B')
const OHTTP = '/.well-known/blindai/ohttp'

beforeAll(async () => {
  a = await serve({ plain: true })
  b = await serve({ plain: true, unattestedClients: true, simulator: a.simulator })
})
afterAll(async () => {
  await b?.close()
  await a?.close()
})

/** How a client is refused; its key is known to both servers' operators by nobody's doing but its own. */
async function refusal(url: string): Promise<unknown> {
  try {
    const session = await connect({ url, policy: a.policy, apiKey: a.key('alice') })
    kept(session)
    await session.models.list()
  } catch (error) {
    return error
  }
  throw new Error('the server was accepted')
}

function onward(base: string | undefined): Onward {
  return kept(onwardTo(base ?? ''))
}

/** The attestation goes to one server, live; everything else to another. */
function split(attestation: Onward, rest: Onward): (exchange: Exchange) => Promise<void> {
  return async (exchange) =>
    giveBack(exchange, await (exchange.path === ATTESTATION ? attestation : rest).pass(exchange))
}

/** The request for evidence is all that a refused client has sent, and it carries no key. */
function expectNothingElse(front: Listening): void {
  expect(seen(front)).toEqual([`GET ${ATTESTATION}`])
}

describe('server B, which relays nonce requests live to A and serves the rest itself', () => {
  test('is refused over TLS, where the connection ends at its own key', async () => {
    const [toA, toB] = [onward(a.server.url), onward(b.server.url)]
    const front = kept(await listenTls(foreign.issue('localhost', '127.0.0.1'), split(toA, toB)))
    expect(await refusal(front.url)).toMatchObject({
      family: 'stop',
      code: 'EVIDENCE_REFUSED',
      details: { status: 'none', check: 'binding.channel-key', reason: 'CHANNEL_KEY_MISMATCH' },
      report: { status: 'none' },
    })
    expectNothingElse(front)
    expect(toA.log).toEqual([`GET ${ATTESTATION} → 200`])
    expect(toB.log).toEqual([])
  })

  test('holds a document that is A’s own and current: only the connection tells', async () => {
    const toA = onward(a.server.url)
    const documents: [Passed, Exchange][] = []
    const front = kept(
      await listenTls(
        foreign.issue('localhost', '127.0.0.1'),
        passing(toA, (passed, exchange) => {
          documents.push([passed, exchange])
          return passed
        }),
      ),
    )
    expect(await refusal(front.url)).toMatchObject({ details: { reason: 'CHANNEL_KEY_MISMATCH' } })
    const [[passed, exchange] = []] = documents
    const nonce = fromBase64Url('nonce', exchange?.query.get('nonce') ?? '')
    const now = unixSeconds(Math.floor(Date.now() / 1000))
    expect(await verify(new Uint8Array(passed?.body ?? []), a.policy, { now, nonce })).toMatchObject({
      status: 'affirming',
      freshness: 'nonce',
    })
  })

  test('is refused over TLS though it passes the channel proof and all else on to A, too', async () => {
    const toA = onward(a.server.url)
    const front = kept(await listenTls(foreign.issue('localhost', '127.0.0.1'), passing(toA)))
    expect(await refusal(front.url)).toMatchObject({ details: { reason: 'CHANNEL_KEY_MISMATCH' } })
    expectNothingElse(front)
  })

  test('cannot open or answer what is sealed to A over Oblivious HTTP', async () => {
    const [toA, toB] = [onward(a.server.plainUrl), onward(b.server.plainUrl)]
    const front = kept(await listenPlain(split(toA, toB)))
    expect(await refusal(front.url)).toMatchObject({
      family: 'stop',
      code: 'OHTTP_KEY_UNKNOWN',
      report: { status: 'affirming' },
    })
    expect(toA.log).toEqual([`GET ${ATTESTATION} → 200`, `GET ${ATTESTATION} → 200`])
    // Key identifiers are random: the request may by chance name one of B's, and is no more readable for it.
    const refused = expect.stringMatching(/→ 422 (?:KEY_ID_UNKNOWN|SUITE_UNSUPPORTED|DECRYPT_FAILED)$/)
    expect(toB.log).toEqual([refused, refused])
  })
})

describe('server B, whose device is A: it asks A for evidence and shows it as its own', () => {
  const ofA: EvidenceSource = {
    format: 'simulated',
    async collect(reportData) {
      const nonce = toBase64Url(reportData.subarray(0, 32))
      const answer = await fetch(`${a.server.plainUrl}${ATTESTATION}?nonce=${nonce}`)
      const { evidence } = parseDocument(new Uint8Array(await answer.arrayBuffer()))
      return { bytes: new Uint8Array(evidence.bytes) }
    },
    endorsements: () => a.simulator.source.endorsements(),
  }

  test.each(['https', 'http'])('is refused over %s, since A vouched for A’s keys', async (scheme) => {
    const liar = kept(await serve({ plain: true, simulator: a.simulator, evidence: ofA }))
    expect(await refusal(scheme === 'https' ? liar.server.url : (liar.server.plainUrl ?? ''))).toMatchObject({
      family: 'stop',
      code: 'EVIDENCE_REFUSED',
      details: { check: 'binding.report-data', reason: 'REPORT_DATA_MISMATCH' },
    })
  })
})

describe('a document that is not what A said', () => {
  test('but for the Oblivious HTTP key, which is B’s, is refused', async () => {
    const other = Object(statementIn(await documentOf(b)))
    const front = kept(
      await listenPlain(async (exchange) => {
        const passed = await onward((exchange.path === ATTESTATION ? a : b).server.plainUrl).pass(exchange)
        if (exchange.path !== ATTESTATION) return giveBack(exchange, passed)
        const document = JSON.parse(passed.body.toString())
        const statement = Object(statementIn(document))
        const swapped = { ...statement, keyset: { ...statement.keyset, ohttp: other.keyset.ohttp } }
        exchange.json(200, { ...document, statement: toBase64Url(utf8(JSON.stringify(swapped))) })
      }),
    )
    expect(await refusal(front.url)).toMatchObject({
      family: 'stop',
      code: 'EVIDENCE_REFUSED',
      details: { check: 'binding.report-data', reason: 'REPORT_DATA_MISMATCH' },
    })
    expectNothingElse(front)
  })

  test.each([
    ['of an earlier nonce', '?nonce=AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE'],
    ['of no nonce, from the cache,', ''],
  ])('%s is refused', async (_, query) => {
    const old = await documentOf(a, query)
    const asked = kept(await listenPlain((exchange) => exchange.json(200, old)))
    const overTls = kept(await listenTls(foreign.issue('localhost'), (exchange) => exchange.json(200, old)))
    for (const front of [asked, overTls]) {
      expect(await refusal(front.url)).toMatchObject({
        family: 'stop',
        code: 'EVIDENCE_REFUSED',
        details: { check: 'binding.nonce', reason: 'NONCE_MISMATCH' },
      })
      expectNothingElse(front)
    }
  })
})

describe('another key’s certificate', () => {
  test.each([
    ['that NODE_EXTRA_CA_CERTS vouches for', {}],
    ['that switched-off checks would pass, too,', { NODE_TLS_REJECT_UNAUTHORIZED: '0' }],
  ])('%s does not count, though all behind it is A', async (_, more) => {
    const folder = await mkdtemp(join(tmpdir(), 'blindai-refusals-'))
    try {
      const front = kept(await listenTls(foreign.issue('localhost', '127.0.0.1'), passing(onward(a.server.url))))
      const policy = join(folder, 'policy.json')
      await writeFile(join(folder, 'ca.pem'), foreign.root)
      await writeFile(policy, JSON.stringify(policyOf(a.simulator)))
      const script = fileURLToPath(new URL('../../packages/client/test/connect-child.node.ts', import.meta.url))
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--conditions=source', '--no-warnings', script, front.url, policy],
        { env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'), ...more } },
      )
      // That node:https got A's answer shows that the variable was in force.
      expect(JSON.parse(stdout)).toEqual({ https: 404, code: 'EVIDENCE_REFUSED', reason: 'CHANNEL_KEY_MISMATCH' })
      expect(seen(front)).toEqual(['GET /', `GET ${ATTESTATION}`])
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('A itself', () => {
  test('is accepted behind a front that passes on what is sealed, which reads none of it', async () => {
    const toA = onward(a.server.plainUrl)
    const bodies: Buffer[] = []
    const front = kept(
      await listenPlain(async (exchange) => {
        bodies.push(Buffer.from(await exchange.body()))
        const again: Exchange = { ...exchange, body: async () => bodies.at(-1) ?? Buffer.alloc(0) }
        giveBack(exchange, await toA.pass(again))
      }),
    )
    const session = kept(await connect({ url: front.url, policy: a.policy, apiKey: a.key('alice') }))
    expect(await session.models.list()).toEqual([])
    expect(toA.log).toEqual([`GET ${ATTESTATION} → 200`, `POST ${OHTTP} → 200`])
    expect(Buffer.concat(bodies).includes(a.key('alice'))).toBe(false)
  })
})

async function documentOf(served: Served, query = ''): Promise<object> {
  const answer: unknown = await (await fetch(`${served.server.plainUrl}${ATTESTATION}${query}`)).json()
  return Object(answer)
}

function statementIn(document: object): unknown {
  return JSON.parse(Buffer.from(String(Object(document).statement), 'base64url').toString())
}
