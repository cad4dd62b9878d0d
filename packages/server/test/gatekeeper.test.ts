import { createHash } from 'node:crypto'
import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBase64Url, fromUtf8, parseJson } from '@blindai/core'
import { ephemeralKeySource, type KeySource, type RollbackCounter } from '@blindai/store'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { parseServerConfig, type ServerConfig } from '../src/config.ts'
import { type RunningServer, type ServerDependencies, startServer } from '../src/gatekeeper.ts'
import { createLineLog } from '../src/gatekeeper-log.ts'
import { FakeEngines, TENSOR } from './fixtures/fake-engines.ts'
import { StockClient } from './fixtures/grpc.ts'
import { digestOf, ECHO_SOURCE, KEYS } from './fixtures/house.ts'
import { ask1, socketTo } from './fixtures/listening.ts'

const SOFTWARE = { name: 'blindai', version: '0.1.0', digest: '00'.repeat(32) }
const ALICE = { authorization: `Bearer ${KEYS.alice}` }
const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex')
const KEY_SHA256 = hashOf(KEYS.alice)

function configOf(change: object = {}): ServerConfig {
  return parseServerConfig(
    JSON.stringify({
      listen: { host: '127.0.0.1', port: 0 },
      plainListen: { host: '127.0.0.1', port: 0 },
      tenants: [{ name: 'alice', role: 'owner', keySha256: KEY_SHA256 }],
      isolation: 'none',
      unattestedClients: true,
      ...change,
    }),
  )
}

function dependencies(engines = new FakeEngines(), lines: string[] = []): ServerDependencies {
  return {
    evidence: ECHO_SOURCE,
    software: SOFTWARE,
    log: createLineLog(
      (line) => lines.push(line),
      () => new Date(0),
    ),
    engines: { isolation: 'reduced', missing: ['network namespace'], start: engines.start },
  }
}

const running: RunningServer[] = []
afterEach(async () => {
  for (const server of running.splice(0)) await server.close()
})

async function testFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'blindai-gatekeeper-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

async function started(config = configOf(), deps = dependencies()): Promise<RunningServer> {
  const server = await startServer(config, deps)
  running.push(server)
  return server
}

function portOf(url: string | undefined): { readonly port: number; close(): Promise<void> } {
  return { port: Number(new URL(url ?? '').port), close: async () => undefined }
}

async function statementOf(server: RunningServer): Promise<unknown> {
  const document: unknown = await (await fetch(`${server.plainUrl}/.well-known/blindai/attestation`)).json()
  return parseJson('statement', fromUtf8('statement', fromBase64Url('statement', Object(document).statement)))
}

describe('a server', () => {
  test('states its keys, its isolation and its configuration', async () => {
    const server = await started()
    const socket = await socketTo(portOf(server.url))
    const spki = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' })
    socket.destroy()
    expect(await statementOf(server)).toMatchObject({
      keyset: { tls: [digestOf(spki ?? Buffer.alloc(0))], channel: { crv: 'Ed25519' }, receipts: { crv: 'Ed25519' } },
      config: {
        isolation: 'reduced',
        keySource: 'ephemeral',
        unattestedClients: true,
        legacyListeners: false,
        sharedEngines: false,
        credentials: [KEY_SHA256],
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      software: SOFTWARE,
    })
    expect(server).toMatchObject({ isolation: 'reduced', missing: ['network namespace'] })
  })

  test('has new keys at every start, and another digest for another configuration', async () => {
    const [first, second] = [
      await statementOf(await started()),
      await statementOf(await started(configOf({ sharedEngines: true }))),
    ]
    for (const key of ['tls', 'ohttp', 'channel', 'receipts']) {
      expect(Object(first).keyset[key]).not.toEqual(Object(second).keyset[key])
    }
    expect(Object(first).config.digest).not.toBe(Object(second).config.digest)
  })

  test('states that tenants may share a run where they may', async () => {
    const config = configOf({ crossTenantBatching: true, sharedEngines: true, limits: { maxBatchElements: 4096 } })
    expect(await statementOf(await started(config))).toMatchObject({ config: { crossTenantBatching: true } })
  })

  test('does not start behind a wall weaker than its configuration requires', async () => {
    await expect(startServer(configOf({ isolation: 'full' }), dependencies())).rejects.toMatchObject({
      code: 'WALL_TOO_WEAK',
      details: { required: 'full', available: 'reduced', missing: ['network namespace'] },
    })
  })

  test('states the key source of its store', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'blindai-gatekeeper-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const store = { dir: join(folder, 'models'), keySource: 'file', keyFile: join(folder, 'key') }
    const server = await started(configOf({ store }))
    expect(await statementOf(server)).toMatchObject({ config: { keySource: 'file' } })
    await expect(startServer(configOf({ store }), dependencies())).rejects.toMatchObject({ code: 'STORE_IN_USE' })
    await server.close()
    await expect(startServer(configOf({ store: { dir: store.dir } }), dependencies())).rejects.toMatchObject({
      code: 'KEY_SOURCE_MISMATCH',
    })
  })

  test('does not seal with a key file where its evidence is not simulated', async () => {
    const store = { dir: '/nowhere/models', keySource: 'file', keyFile: '/nowhere/key' }
    const evidence = { ...ECHO_SOURCE, format: 'tdx' } as const
    await expect(startServer(configOf({ store }), { ...dependencies(), evidence })).rejects.toMatchObject({
      code: 'KEY_SOURCE_NOT_ALLOWED',
      details: { keySource: 'file', evidence: 'tdx' },
    })
  })

  test.each(['gramine', 'tpm', 'broker', 'peer'] as const)(
    'does not start with the key source %s, which this build lacks, and never takes another in its place',
    async (keySource) => {
      const dir = join(await testFolder(), 'models')
      await expect(startServer(configOf({ store: { dir, keySource } }), dependencies())).rejects.toMatchObject({
        code: 'KEY_SOURCE_UNAVAILABLE',
        details: { keySource },
      })
      await expect(access(dir)).rejects.toMatchObject({ code: 'ENOENT' })
    },
  )

  test('seals with the key source of a device that it was given, and states its kind', async () => {
    const dir = join(await testFolder(), 'models')
    const held: KeySource = { ...ephemeralKeySource(), kind: 'tpm' }
    const devices = { keySources: { tpm: held } }
    const config = configOf({ store: { dir, keySource: 'tpm' } })
    const server = await started(config, { ...dependencies(), devices })
    expect(await statementOf(server)).toMatchObject({ config: { keySource: 'tpm' } })
  })

  test('does not rest on a counter in a file where its evidence is not simulated', async () => {
    const dir = join(await testFolder(), 'models')
    const store = { dir, keySource: 'tpm', counter: { kind: 'file', path: `${dir}.counter` } }
    const evidence = { ...ECHO_SOURCE, format: 'tdx' } as const
    const devices = { keySources: { tpm: { ...ephemeralKeySource(), kind: 'tpm' } as const } }
    await expect(startServer(configOf({ store }), { ...dependencies(), evidence, devices })).rejects.toMatchObject({
      code: 'COUNTER_NOT_ALLOWED',
      details: { counter: 'file', evidence: 'tdx' },
    })
  })

  test('does not start with a counter that this build lacks, and takes one that it was given', async () => {
    const dir = join(await testFolder(), 'models')
    const store = { dir, keySource: 'file', keyFile: `${dir}.key`, counter: { kind: 'tpm' } }
    await expect(startServer(configOf({ store }), dependencies())).rejects.toMatchObject({
      code: 'COUNTER_UNAVAILABLE',
      details: { counter: 'tpm' },
    })
    let reached = 0
    const counter: RollbackCounter = {
      read: async () => reached,
      advance: async (generation) => {
        reached = Math.max(reached, generation)
      },
    }
    await started(configOf({ store }), { ...dependencies(), devices: { counters: { tpm: counter } } })
    expect(reached).toBe(1)
  })

  test('does not start where the configuration names a tenant, or a key, of the sealed index', async () => {
    const dir = join(await testFolder(), 'models')
    const store = { dir, keySource: 'file', keyFile: `${dir}.key` }
    const root = { name: 'root', role: 'admin', keySha256: hashOf('key-of-root') }
    const server = await started(configOf({ store, tenants: [root] }))
    const socket = await socketTo(portOf(server.url))
    const body = JSON.stringify({ role: 'owner', key: { sha256: KEY_SHA256 } })
    const admin = { authorization: 'Bearer key-of-root' }
    expect(await ask1(socket, 'PUT', '/v1/tenants/alice', admin, body)).toMatchObject({ status: 201 })
    socket.destroy()
    await server.close()
    for (const clash of [
      { name: 'alice', role: 'owner', keySha256: hashOf('another key') },
      { name: 'mallory', role: 'owner', keySha256: KEY_SHA256 },
    ]) {
      const tenants = [root, clash]
      await expect(startServer(configOf({ store, tenants }), dependencies())).rejects.toMatchObject({
        code: 'TENANT_CLASH',
      })
    }
    // The folder was given back each time.
    await started(configOf({ store, tenants: [root] }))
  })

  test('of hardware evidence, without a tenant, makes no credential: nobody gets in, and nothing is shown', async () => {
    const lines: string[] = []
    const evidence = { ...ECHO_SOURCE, format: 'tdx' } as const
    const server = await started(configOf({ tenants: [] }), { ...dependencies(new FakeEngines(), lines), evidence })
    expect(await statementOf(server)).toMatchObject({ config: { credentials: [] } })
    const socket = await socketTo(portOf(server.url))
    expect(await ask1(socket, 'GET', '/v2', {})).toMatchObject({ status: 401 })
    socket.destroy()
    expect(lines.join('')).not.toMatch(/blindai_|[A-Za-z0-9_-]{43}/)
  })

  test('does not start where it cannot listen, and leaves nothing open', async () => {
    const server = await started()
    const { port } = portOf(server.url)
    await expect(
      startServer(configOf({ plainListen: { host: '127.0.0.1', port } }), dependencies()),
    ).rejects.toMatchObject({
      code: 'ADDRESS_UNAVAILABLE',
      details: { listener: 'plainListen', reason: 'EADDRINUSE' },
    })
  })

  test('does not start when evidence for BlindAI 0.6 cannot be had, and leaves nothing open', async () => {
    const dir = join(await testFolder(), 'models')
    const store = { dir, keySource: 'file', keyFile: `${dir}.key` }
    const legacy = { ports: { attestation: 0, run: 0, management: 0 } }
    const evidence = { ...ECHO_SOURCE, format: 'simulated-sgx' } as const
    const guards = process.listenerCount('unhandledRejection')
    await expect(startServer(configOf({ store, legacy }), { ...dependencies(), evidence })).rejects.toMatchObject({
      code: 'TRUNCATED',
    })
    expect(process.listenerCount('unhandledRejection')).toBe(guards)
    // The folder was given back.
    await started(configOf({ store }))
  })

  test('serves from upload to answer', async () => {
    const engines = new FakeEngines()
    engines.onRun = (run) => run.answer()
    const server = await started(configOf(), dependencies(engines))
    const socket = await socketTo(portOf(server.url))
    const model = new Uint8Array([1, 2, 3])
    expect(await ask1(socket, 'PUT', `/v1/models/${digestOf(model)}?name=m`, ALICE, model)).toMatchObject({
      status: 201,
    })
    const body = '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}'
    expect(await ask1(socket, 'POST', '/v2/models/m/infer', ALICE, body)).toMatchObject({ status: 200 })
    socket.destroy()
  })

  test('that closes ends what is in flight, then kills its engines', async () => {
    const engines = new FakeEngines()
    const server = await started(configOf(), dependencies(engines))
    const socket = await socketTo(portOf(server.url))
    const model = new Uint8Array([1, 2, 3])
    await ask1(socket, 'PUT', `/v1/models/${digestOf(model)}?name=m`, ALICE, model)
    const body = '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}'
    const inFlight = ask1(socket, 'POST', '/v2/models/m/infer', ALICE, body)
    const run = await engines.run(0)
    const closed = server.close()
    run.answer()
    expect(await inFlight).toMatchObject({ status: 200 })
    await closed
    expect(engines.living).toHaveLength(0)
    await expect(socketTo(portOf(server.url))).rejects.toThrow()
  })

  test('that is given notice answers streams until it is over, and ends them then', async () => {
    const engines = new FakeEngines()
    engines.onRun = (run) => run.answer()
    const server = await started(configOf(), dependencies(engines))
    const socket = await socketTo(portOf(server.url))
    const model = new Uint8Array([1, 2, 3])
    await ask1(socket, 'PUT', `/v1/models/${digestOf(model)}?name=m`, ALICE, model)
    socket.destroy()
    const client = new StockClient(portOf(server.url).port)
    onTestFinished(() => client.close())
    const stream = client.stream()
    const answers: unknown[] = []
    stream.on('data', (answer: unknown) => answers.push(answer))
    const failed = new Promise((resolve) => stream.once('error', resolve))
    const asked = {
      model_name: 'm',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1] }],
      raw_input_contents: [Buffer.from(TENSOR.data)],
    }
    stream.write(asked)
    await expect.poll(() => answers.length).toBe(1)
    const closed = server.close(2000)
    stream.write(asked)
    await expect.poll(() => answers.length, { timeout: 2000 }).toBe(2)
    expect(String(Object(await failed).metadata.get('x-blindai-error'))).toBe('SERVER_DRAINING')
    await closed
  })

  test('refuses work while memory is low, stops what is idle, and serves again by itself', async () => {
    const engines = new FakeEngines()
    engines.onRun = (run) => run.answer()
    let held = 0
    const lines: string[] = []
    const limits = { maxMemoryBytes: 1024 ** 3, engineIdleMs: 3_600_000 }
    const deps = { ...dependencies(engines, lines), readMemory: () => held }
    const server = await started(configOf({ limits }), deps)
    const socket = await socketTo(portOf(server.url))
    const model = new Uint8Array([1, 2, 3])
    await ask1(socket, 'PUT', `/v1/models/${digestOf(model)}?name=m`, ALICE, model)
    const body = '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}'
    const infer = () => ask1(socket, 'POST', '/v2/models/m/infer', ALICE, body)
    const readiness = async () => (await fetch(`${server.plainUrl}/v2/health/ready`)).status
    expect(await infer()).toMatchObject({ status: 200 })
    held = 0.97 * limits.maxMemoryBytes
    await expect.poll(readiness).toBe(503)
    expect(await infer()).toMatchObject({
      status: 503,
      headers: { 'x-blindai-error': 'MEMORY_LOW', 'retry-after': '2' },
    })
    await expect.poll(() => engines.living).toHaveLength(0)
    held = 0.1 * limits.maxMemoryBytes
    await expect.poll(readiness).toBe(200)
    expect(await infer()).toMatchObject({ status: 200 })
    socket.destroy()
    const levels = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'memory-level')
    expect(levels[0]).toMatchObject({ level: 3, mebibytes: 993 })
  })

  test('writes down nothing of requests, models, names or keys', async () => {
    const lines: string[] = []
    const engines = new FakeEngines()
    const server = await started(configOf(), dependencies(engines, lines))
    const socket = await socketTo(portOf(server.url))
    const model = Buffer.from('canary-weights')
    await ask1(socket, 'PUT', `/v1/models/${digestOf(model)}?name=canary-name`, ALICE, model)
    const body =
      '{"id":"canary-id","inputs":[{"name":"canary-input","datatype":"BYTES","shape":[1],"data":["canary-data"]}]}'
    engines.onRun = (run) => run.fail(new TypeError('canary-message'))
    await ask1(socket, 'POST', '/v2/models/canary-name/infer', ALICE, body)
    engines.onRun = (run) => run.engine.die()
    await ask1(socket, 'POST', '/v2/models/canary-name/infer', ALICE, body)
    await ask1(socket, 'POST', '/v2/models/canary-name/infer', ALICE, body)
    await ask1(socket, 'GET', '/canary-path?canary-query', { authorization: 'Bearer canary-key' })
    socket.destroy()
    await server.close()
    const events = lines.map((line) => JSON.parse(line).event)
    expect(new Set(events)).toEqual(
      new Set([
        'server-started',
        'engine-started',
        'request-failed',
        'engine-stopped',
        'model-quarantined',
        'server-draining',
        'server-closed',
      ]),
    )
    expect(lines.join('')).not.toMatch(/canary|key-of-alice/)
  })
})
