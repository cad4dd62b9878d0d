import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '@blindai/client'
import { createApiKey, parseServerConfig, startServer } from '@blindai/server'
import { openSimulator, type Simulator } from '@blindai/simulator'
import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCertificateAuthority } from '../../packages/client/test/certificates.node.ts'
import { FORMS, findCanaries } from './canary.ts'
import { launchChromium, missingTools } from './chromium.ts'
import { fetchTrusting } from './fetch-trusting.ts'
import { addModel } from './onnx-model.ts'
import { servePage } from './page.ts'
import { startTerminator, type Terminator } from './terminator.ts'

const missing = missingTools()
if (missing.length > 0 && (process.env.BLINDAI_REQUIRE ?? '').split(',').includes('browser')) {
  throw new Error(`BLINDAI_REQUIRE names browser, and there is no ${missing.join(' and no ')}`)
}
const skipped = missing.length === 0 ? '' : ` (skipped: no ${missing.join(', no ')})`

/** Numbers that no other text or bytes hold by chance. */
function canary(): Float32Array<ArrayBuffer> {
  const random = crypto.getRandomValues(new Uint32Array(64))
  return Float32Array.from(random, (value) => 1000 + (value / 2 ** 32) * 9000)
}

const input = canary()
const weights = canary()
const output = input.map((value, i) => value + (weights[i] ?? 0))
const model = addModel(weights)

describe.skipIf(missing.length > 0)(`the SDK in a browser, behind what ends TLS${skipped}`, () => {
  const closing: (() => Promise<unknown>)[] = []
  const { key: apiKey, keySha256 } = createApiKey()
  const authority = createCertificateAuthority('Terminator CA')
  let simulator: Simulator
  let terminator: Terminator
  let page: Page
  let url = ''
  let pageUrl = ''
  let folder = ''

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'blindai-browser-'))
    closing.push(() => rm(folder, { recursive: true, force: true }))
    simulator = await openSimulator(join(folder, 'simulator'))
    const config = {
      listen: { host: '127.0.0.1', port: 0 },
      plainListen: { host: '127.0.0.1', port: 0 },
      tenants: [{ name: 'test', role: 'owner', keySha256 }],
      isolation: 'none',
    }
    const server = await startServer(parseServerConfig(JSON.stringify(config)), {
      evidence: simulator.source,
      software: { name: 'blindai', version: '0.0.0', digest: '00'.repeat(32) },
      log: () => undefined,
    })
    closing.push(() => server.close())
    terminator = await startTerminator(authority.issue('localhost'), Number(new URL(server.plainUrl ?? '').port))
    closing.push(() => terminator.close())
    url = `https://localhost:${terminator.port}`
    const served = await servePage(join(folder, 'sdk'))
    closing.push(() => served.close())
    pageUrl = served.url
    const browser = await launchChromium(join(folder, 'home'), authority.root)
    closing.push(() => browser.close())
    page = await browser.newPage()
    await page.goto(pageUrl)
  })
  afterAll(async () => {
    for (const close of closing.reverse()) await close()
  })

  function policy(): string {
    return JSON.stringify({
      version: 1,
      name: 'this installation',
      trustClasses: ['simulated'],
      simulated: {
        rootSha256: [simulator.rootSha256],
        measurements: [{ name: 'this installation', date: '2026-11-23', ...simulator.measurements }],
      },
    })
  }

  test('refuses simulated evidence by a policy that names no simulated root', async () => {
    const refused = await page.evaluate(async (address) => {
      const { connect, isBlindAiError } = window.blindai
      try {
        await connect({ url: address, policy: { version: 1, name: 'hardware' } })
        return undefined
      } catch (error) {
        return isBlindAiError(error) ? { family: error.family, code: error.code, details: error.details } : undefined
      }
    }, url)
    expect(refused).toMatchObject({
      family: 'stop',
      code: 'EVIDENCE_REFUSED',
      details: { reason: 'SIMULATED_NOT_ALLOWED' },
    })
  })

  test('verifies, uploads and predicts, and what ends TLS sees none of it in any form', async () => {
    terminator.forget()
    const answer = await page.evaluate(
      async (given) => {
        const session = await window.blindai.connect({ url: given.url, policy: given.policy, apiKey: given.apiKey })
        const { sha256 } = await session.models.upload(Uint8Array.from(given.model), { name: 'add' })
        const tensor = { name: 'input', datatype: 'FP32', shape: [64], data: Float32Array.from(given.input) } as const
        const { outputs } = await session.infer('add', [tensor])
        const listed = await session.models.list()
        await session.close()
        const [first] = outputs
        return {
          status: session.result.status,
          trustClass: session.result.trustClass,
          transport: session.transport,
          sha256,
          listed: listed.map((each) => each.sha256),
          output: first?.datatype === 'FP32' ? [...first.data] : [],
        }
      },
      { url, policy: policy(), apiKey, model: [...model], input: [...input] },
    )
    expect(answer).toMatchObject({ status: 'affirming', trustClass: 'simulated', transport: 'ohttp' })
    expect(answer.listed).toContain(answer.sha256)
    expect(answer.output).toEqual([...output])

    const { requests, responses } = terminator.captured()
    // The capture is what it should be: HTTP in clear, with sealed messages in it.
    expect(requests.toString('latin1')).toContain('POST /.well-known/blindai/ohttp HTTP/1.1')
    expect(responses.toString('latin1')).toContain('message/ohttp-res')
    for (const capture of [requests, responses]) {
      expect(findCanaries(capture, input)).toEqual([])
      expect(findCanaries(capture, output)).toEqual([])
      expect(findCanaries(capture, weights)).toEqual([])
      expect(capture.includes(apiKey)).toBe(false)
    }
  })

  test('shows that the same search finds everything that is posted plainly', async () => {
    terminator.forget()
    await page.evaluate(
      async (given) => {
        const post = (body: Blob | string): Promise<unknown> =>
          fetch(`${given.url}/v2/models/add/infer`, { method: 'POST', mode: 'no-cors', body })
        for (const numbers of [given.input, given.output]) {
          const layouts = [4, 8].flatMap((size) =>
            [true, false].map((littleEndian) => {
              const view = new DataView(new ArrayBuffer(numbers.length * size))
              numbers.forEach((number, i) => {
                if (size === 4) view.setFloat32(4 * i, number, littleEndian)
                else view.setFloat64(8 * i, number, littleEndian)
              })
              return new Uint8Array(view.buffer)
            }),
          )
          await post(JSON.stringify(numbers))
          for (const bytes of layouts) {
            await post(new Blob([bytes]))
            await post([...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(''))
            await post(btoa(String.fromCharCode(...bytes)))
          }
        }
      },
      { url, input: [...input], output: [...output] },
    )
    const { requests } = terminator.captured()
    for (const numbers of [input, output]) {
      const found = new Set(findCanaries(requests, numbers).map(({ form }) => form))
      expect([...found].sort()).toEqual([...FORMS].sort())
    }
  })

  test('works the same from Node, with a fetch that trusts the authority of what ends TLS', async () => {
    terminator.forget()
    const session = await connect({
      url,
      policy: policy(),
      apiKey,
      transport: 'ohttp',
      fetch: fetchTrusting(authority.root),
    })
    await session.models.upload(model, { name: 'add' })
    const { outputs } = await session.infer('add', [{ name: 'input', datatype: 'FP32', shape: [64], data: input }])
    await session.close()
    expect(outputs).toEqual([{ name: 'output', datatype: 'FP32', shape: [64], data: output }])
    const { requests, responses } = terminator.captured()
    for (const numbers of [input, output, weights]) {
      expect(findCanaries(Buffer.concat([requests, responses]), numbers)).toEqual([])
    }
  })

  test('cannot reach what ends TLS without the trusted authority, since no flag ignores certificates', async () => {
    const browser = await launchChromium(join(folder, 'another-home'), undefined)
    try {
      const stranger = await browser.newPage()
      await stranger.goto(pageUrl)
      const code = await stranger.evaluate(async (address) => {
        const { connect, isBlindAiError } = window.blindai
        try {
          await connect({ url: address, policy: { version: 1, name: 'hardware' } })
          return 'connected'
        } catch (error) {
          return isBlindAiError(error) ? error.code : String(error)
        }
      }, url)
      expect(code).toBe('CONNECTION_FAILED')
    } finally {
      await browser.close()
    }
  })

  test('offers no attested TLS, which a page cannot check', async () => {
    const code = await page.evaluate(async (address) => {
      const { connect, isBlindAiError } = window.blindai
      try {
        await connect({ url: address, policy: { version: 1, name: 'hardware' }, transport: 'tls' })
        return 'connected'
      } catch (error) {
        return isBlindAiError(error) ? error.code : String(error)
      }
    }, url)
    expect(code).toBe('TRANSPORT_UNAVAILABLE')
  })
})
