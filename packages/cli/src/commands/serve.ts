import { join, resolve } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { fromUtf8, isMalformedError } from '@blindai/core'
import {
  createApiKey,
  MAX_CONFIG_BYTES,
  openEngineRoom,
  parseServerConfig,
  refuseOpenDoors,
  type ServerConfig,
  startServer,
} from '@blindai/server'
import { CliError } from '../cli-error.ts'
import type { Command, Invocation } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { readBounded, writeNew } from '../files.ts'
import { Interruption } from '../interruption.ts'
import { loadSimulator, SIMULATED_WARNING } from '../simulator.ts'
import { makeRunFolder, simulatorFolder, stateFolder } from '../state-folder.ts'
import { version } from '../version.ts'

const DEFAULT_PORT = '8443'
const DEFAULT_PLAIN_PORT = '8480'

/** What this version can be told to serve with. */
const SUPPORTED_EVIDENCE = ['simulated (--simulated)'] as const

/** `blindai serve` */
export const serve: Command = {
  path: ['serve'],
  summary: 'Start a server.',
  details: `Without --simulated the server needs hardware evidence; this version has no source of it yet and says so. With
--simulated it makes evidence of the real structure under a root of its own, which protects nothing.

The configuration names the tenants by the SHA-256 of their keys (see blindai keys new). Only with --simulated the
configuration may be left out: the server then listens on loopback and writes one new key to a file that only you can read.
Further tenants are made while it runs, by an administrator (blindai tenants create).
Models live in memory, or with --store (or the member "store") sealed in a folder, where they survive the server.
Ctrl-C lets requests finish and ends with 0; SIGTERM says first, for drainNoticeMs, that the server is not ready. A second
one ends it at once with 130. A debugger, a key log or another variable that opens the process keeps it from starting. Where
the wall around engines cannot be built as the configuration demands, the server does not start.`,
  positionals: [],
  options: {
    config: { type: 'text', value: 'FILE', help: 'The configuration, JSON; docs/cli.md lists its members.' },
    simulated: { type: 'flag', help: 'Make simulated evidence. It protects nothing.' },
    host: { type: 'text', value: 'HOST', help: 'Without --config: where to listen. Default: 127.0.0.1.' },
    port: {
      type: 'text',
      value: 'PORT',
      help: `Without --config: HTTPS; 0 takes a free one. Default: ${DEFAULT_PORT}.`,
    },
    'plain-port': {
      type: 'text',
      value: 'PORT',
      help: `Without --config: HTTP for Oblivious HTTP only. Default: ${DEFAULT_PLAIN_PORT}.`,
    },
    isolation: {
      type: 'text',
      value: 'LEVEL',
      choices: ['full', 'reduced', 'none'],
      help: 'Without --config: the weakest wall around engines to start with. Default: full.',
    },
    store: {
      type: 'text',
      value: 'FOLDER',
      help: 'Without --config: keep models in this folder, sealed under a key in FOLDER.key.',
    },
    legacy: {
      type: 'flag',
      help: 'Without --config: serve clients of BlindAI 0.6 too, on loopback at 9923, 9924 and 9925.',
    },
    state: {
      type: 'text',
      value: 'FOLDER',
      help: 'Where the simulator keeps its root. Default: BLINDAI_STATE, .blindai.',
    },
    'end-with-stdin': { type: 'flag', help: 'End when standard input closes, so that no server outlives its parent.' },
  },
  usesServer: false,
  examples: ['blindai serve --simulated', 'blindai serve --config blindai.json'],
  async run(invocation) {
    refuseOpenDoors(invocation.start)
    if (!invocation.flag('simulated')) {
      throw new CliError('EVIDENCE_UNAVAILABLE', { supported: SUPPORTED_EVIDENCE })
    }
    const state = resolve(invocation.folder, invocation.text('state') ?? stateFolder(invocation.env, invocation.folder))
    const file = invocation.text('config')
    if (file !== undefined)
      return await serveSimulated(await readConfig(file, invocation), state, undefined, invocation)

    const runFolder = await makeRunFolder(state, 'serve')
    try {
      const keyFile = join(runFolder.path, 'owner.key')
      const { key, keySha256 } = createApiKey()
      await writeNew(keyFile, `${key}\n`, true)
      const config = parseServerConfig(JSON.stringify(configOfOptions(keySha256, invocation)))
      return await serveSimulated(config, state, keyFile, invocation)
    } finally {
      await runFolder.remove()
    }
  },
}

async function serveSimulated(
  config: ServerConfig,
  state: string,
  keyFile: string | undefined,
  invocation: Invocation,
): Promise<ExitCode> {
  const { terminal } = invocation
  const started = performance.now()
  const { openSimulator } = await loadSimulator()
  collectLessOften()
  const [simulator, engines] = await Promise.all([openSimulator(simulatorFolder(state)), openEngineRoom()])
  const server = await startServer(withFolder(config, invocation.folder), {
    engines,
    evidence: simulator.source,
    software: { name: 'blindai', version: version(), digest: simulator.softwareDigest },
  })
  let noticeMs = 0
  try {
    const readyMs = Math.round(performance.now() - started)
    terminal.line(terminal.paint('yellow', `evidence is ${SIMULATED_WARNING}`))
    terminal.line(`listening on ${terminal.paint('bold', server.url)}`)
    if (server.plainUrl !== undefined) terminal.line(`Oblivious HTTP also on ${server.plainUrl}`)
    if (server.metricsUrl !== undefined) terminal.line(`metrics on ${server.metricsUrl}/metrics`)
    if (server.legacy !== undefined) {
      terminal.line(`BlindAI 0.6 on ${server.legacy.attestation}, ${server.legacy.run}, ${server.legacy.management}`)
    }
    terminal.line(`isolation of engines: ${server.isolation}${missingText(server.missing)}`)
    if (keyFile !== undefined) {
      terminal.line(`API key of this run in ${keyFile}`)
      terminal.line('A policy for it: blindai policy init --simulated --out policy.json')
    }
    terminal.data({
      event: 'listening',
      simulated: true,
      protects: 'nothing',
      url: server.url,
      ...(server.plainUrl === undefined ? {} : { plainUrl: server.plainUrl }),
      ...(server.metricsUrl === undefined ? {} : { metricsUrl: server.metricsUrl }),
      ...(server.legacy === undefined ? {} : { legacy: { ...server.legacy } }),
      ...(keyFile === undefined ? {} : { keyFile }),
      isolation: server.isolation,
      missing: server.missing,
      readyMs,
      pid: process.pid,
    })
    await ended(invocation)
    // Only whoever manages servers has a balancer that could notice; at a terminal nobody should wait for one.
    const { reason } = invocation.interrupted
    if (reason instanceof Interruption && reason.signal === 'SIGTERM') noticeMs = config.limits.drainNoticeMs
    terminal.note('ending: running requests are finished first')
  } finally {
    await server.close(noticeMs)
  }
  return EXIT.ok
}

/**
 * A gatekeeper's own heap is small, and each request brings large buffers beside it, so that V8 collects the whole heap
 * after every few requests. Letting it grow further first halved the processor time of a 600 KB request (bench/README.md).
 */
function collectLessOften(): void {
  setFlagsFromString('--heap-growing-percent=300')
}

function missingText(missing: readonly string[]): string {
  return missing.length === 0 ? '' : ` (missing: ${missing.join('; ')})`
}

/** Resolves at Ctrl-C or SIGTERM and, where asked for, when standard input closes. */
async function ended({ interrupted, stdin, flag }: Invocation): Promise<void> {
  const { promise, resolve: end } = Promise.withResolvers<void>()
  if (interrupted.aborted) return
  interrupted.addEventListener('abort', () => end(), { once: true })
  if (flag('end-with-stdin')) {
    stdin.once('end', () => end())
    stdin.once('close', () => end())
    stdin.resume()
  }
  await promise
  // A parent that keeps it open would keep this process from ending.
  stdin.pause()
}

async function readConfig(file: string, { folder, flag, text }: Invocation): Promise<ServerConfig> {
  for (const option of ['host', 'port', 'plain-port', 'isolation', 'store', 'legacy']) {
    if (option === 'legacy' ? !flag(option) : text(option) === undefined) continue
    throw new CliError('USAGE', { problem: `--${option} does not go with --config`, command: 'serve' })
  }
  const bytes = await readBounded(resolve(folder, file), MAX_CONFIG_BYTES)
  try {
    return parseServerConfig(fromUtf8('configuration', bytes))
  } catch (cause) {
    if (!isMalformedError(cause)) throw cause
    throw new CliError('CONFIG_INVALID', { file, problem: cause.message }, { cause })
  }
}

/** Paths of a configuration are relative to where the command was typed. */
function withFolder({ store, ...config }: ServerConfig, folder: string): ServerConfig {
  if (store === undefined) return config
  const { dir, keyFile, counter } = store
  const keyPath = keyFile === undefined ? {} : { keyFile: resolve(folder, keyFile) }
  const counted = counter?.kind === 'file' ? { counter: { ...counter, path: resolve(folder, counter.path) } } : {}
  return { ...config, store: { ...store, dir: resolve(folder, dir), ...keyPath, ...counted } }
}

function configOfOptions(keySha256: string, { flag, folder, text }: Invocation): object {
  const store = text('store')
  const dir = store === undefined ? undefined : resolve(folder, store)
  const host = text('host') ?? '127.0.0.1'
  return {
    listen: { host, port: portOf('port', text('port') ?? DEFAULT_PORT) },
    plainListen: { host, port: portOf('plain-port', text('plain-port') ?? DEFAULT_PLAIN_PORT) },
    tenants: [{ name: 'owner', role: 'owner', keySha256 }],
    isolation: text('isolation') ?? 'full',
    ...(flag('legacy') ? { legacy: {} } : {}),
    ...(dir === undefined ? {} : { store: { dir, keySource: 'file', keyFile: `${dir}.key` } }),
  }
}

function portOf(option: string, text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  throw new CliError('USAGE', { problem: `--${option} is a number from 0 to 65535`, command: 'serve' })
}
