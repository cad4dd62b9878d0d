import { createChannelSigner, generateOhttpKeys, OhttpGateway, SteadyClock } from '@blindai/channel'
import { nodeBackend } from '@blindai/channel/node'
import {
  type AttestedSoftware,
  type EvidenceSource,
  type IsolationLevel,
  type Keyset,
  type UnixSeconds,
  unixSeconds,
} from '@blindai/core'
import { assembleKeyset, configDigest, createAttester, type ShownConfig } from './attester/index.ts'
import { configJson, type ServerConfig } from './config.ts'
import { GatekeeperError } from './gatekeeper-error.ts'
import { createStderrLog, describeCause, type Log } from './gatekeeper-log.ts'
import { guardProcess } from './gatekeeper-process.ts'
import {
  createDispatcher,
  createTlsIdentity,
  type Listener,
  type ListenerOptions,
  listenPlain,
  listenTls,
  originOf,
  type RequestFailure,
  SlowWatch,
} from './http/index.ts'
import { ModelLibrary, VaultRepository } from './models/index.ts'
import { openVault } from './open-vault.ts'
import { buildWall, startEngine } from './runtime/host/index.ts'
import { type Job, type JobQueue, Scheduler, type StartEngine } from './scheduler/index.ts'
import { TenantDirectory } from './tenants/index.ts'

/** What a server is given from outside. */
export interface ServerDependencies {
  /** The device that vouches: hardware, or the simulator. */
  readonly evidence: EvidenceSource
  readonly software: AttestedSoftware
  /** Now; the machine's clock unless given. */
  readonly clock?: () => UnixSeconds
  /** Standard error unless given. */
  readonly log?: Log
  /** How engines are started; behind the strongest wall of this machine unless given. */
  readonly engines?: EngineRoom
  /** The order in which requests are served; deficit round robin over tenants unless given. */
  readonly queue?: JobQueue<Job>
}

/** A wall, and engines behind it. */
export interface EngineRoom {
  readonly isolation: IsolationLevel
  /** What the wall lacks here, each in a few words. */
  readonly missing: readonly string[]
  readonly start: StartEngine
}

/** A server that serves. */
export interface RunningServer {
  /** The attested TLS listener. */
  readonly url: string
  readonly plainUrl?: string
  readonly isolation: IsolationLevel
  readonly missing: readonly string[]
  /** Takes no new request, ends those in flight, kills every engine. */
  close(): Promise<void>
}

/** A client's clock may be behind by this much. */
const CLOCK_SKEW_SECONDS = 300
/** Keys live as long as the process, at the longest for a year. */
const KEYSET_SECONDS = 365 * 86_400

const ISOLATION_ORDER: readonly IsolationLevel[] = ['none', 'reduced', 'full']

/**
 * Starts the gatekeeper: wall, keys of this boot, statement and first evidence, listeners.
 *
 * @throws {GatekeeperError} `WALL_TOO_WEAK`, `ADDRESS_UNAVAILABLE`, `KEY_SOURCE_NOT_ALLOWED`; {AttesterError}
 * `EVIDENCE_UNAVAILABLE`; {StoreError} of a store that does not open.
 */
export async function startServer(config: ServerConfig, dependencies: ServerDependencies): Promise<RunningServer> {
  const log = dependencies.log ?? createStderrLog()
  const steady = new SteadyClock(dependencies.clock ?? systemClock)
  const clock = (): UnixSeconds => steady.now()
  const [room, ohttpKeys, signer, receipts] = await Promise.all([
    dependencies.engines ?? openEngineRoom(),
    generateOhttpKeys(nodeBackend),
    createChannelSigner(),
    createChannelSigner(),
  ])
  requireIsolation(config.isolation, room)

  const { limits } = config
  const validity = {
    notBefore: unixSeconds(clock() - CLOCK_SKEW_SECONDS),
    notAfter: unixSeconds(clock() + KEYSET_SECONDS),
  }
  const identity = createTlsIdentity(validity.notBefore, validity.notAfter)
  const keyset: Keyset = await assembleKeyset({
    tlsPublicKeys: [identity.spki],
    ohttpKeyConfigs: ohttpKeys.keyConfigList,
    channel: signer.publicJwk,
    receipts: receipts.publicJwk,
    ...validity,
  })
  const attester = await createAttester({
    source: dependencies.evidence,
    keyset,
    config: { ...shownConfig(config, room.isolation), digest: await configDigest(configJson(config)) },
    software: dependencies.software,
    clock,
  })
  const gateway = new OhttpGateway({
    keys: ohttpKeys,
    clock,
    replayCapacity: limits.replayCapacity,
    dateWindowSeconds: limits.dateWindowSeconds,
    maxRequestBytes: limits.maxWholeObliviousBytes,
  })
  const nowMs = (): number => performance.now()
  const vault = await openVault(config.store, dependencies.evidence.format, log)
  const scheduler = new Scheduler({
    limits,
    sharedEngines: config.sharedEngines,
    crossTenantBatching: config.crossTenantBatching,
    startEngine: room.start,
    nowMs,
    onEvent: log,
    ...(dependencies.queue === undefined ? {} : { queue: dependencies.queue }),
  })
  const models = new VaultRepository({ vault, limits, nowMs, clock })
  let isDraining = false
  const dispatcher = createDispatcher({
    attester,
    signer,
    receiptSigner: receipts,
    clock,
    gateway,
    tenants: new TenantDirectory(config.tenants),
    models,
    library: new ModelLibrary(models, scheduler),
    scheduler,
    limits,
    unattestedClients: config.unattestedClients,
    software: dependencies.software,
    nowMs,
    isReady: () => !isDraining,
    onFailure: (failure) => logFailure(log, failure),
  })
  const slow = new SlowWatch(limits)
  const options: ListenerOptions = {
    dispatch: (request) => dispatcher.dispatch(request),
    limits,
    slow,
    isDraining: () => isDraining,
    onCut: (cause) => log({ event: 'answer-cut', cause: describeCause(cause) }),
  }
  const listeners: Listener[] = []
  const unguard = guardProcess(log)

  async function close(drainMs: number): Promise<void> {
    isDraining = true
    log({ event: 'server-draining' })
    await Promise.all(listeners.map((listener) => listener.close(drainMs)))
    await scheduler.close(0)
    await models.close()
    attester.close()
    slow.close()
    unguard()
    log({ event: 'server-closed' })
  }

  try {
    const tls = await opened('listen', listenTls(config.listen, identity, options))
    listeners.push(tls)
    const url = originOf('https', config.listen.host, tls.port)
    const { plainListen } = config
    const plain = plainListen && (await opened('plainListen', listenPlain(plainListen, options)))
    if (plain !== undefined) listeners.push(plain)
    log({ event: 'server-started', isolation: room.isolation, unattestedClients: config.unattestedClients })
    let closing: Promise<void> | undefined
    return {
      url,
      ...(plain && plainListen ? { plainUrl: originOf('http', plainListen.host, plain.port) } : {}),
      isolation: room.isolation,
      missing: room.missing,
      close: () => {
        closing ??= close(limits.drainMs)
        return closing
      },
    }
  } catch (error) {
    await close(0)
    throw error
  }
}

/** Finds the strongest wall of this machine; can go on while evidence is prepared. */
export async function openEngineRoom(): Promise<EngineRoom> {
  const wall = await buildWall()
  return {
    isolation: wall.level,
    missing: wall.missing,
    start: (model, limits, signal) => startEngine(model, limits, wall, signal),
  }
}

function requireIsolation(required: IsolationLevel, { isolation, missing }: EngineRoom): void {
  if (ISOLATION_ORDER.indexOf(isolation) >= ISOLATION_ORDER.indexOf(required)) return
  throw new GatekeeperError('WALL_TOO_WEAK', { required, available: isolation, missing })
}

function shownConfig(config: ServerConfig, isolation: IsolationLevel): ShownConfig {
  return {
    isolation,
    keySource: config.store?.keySource ?? 'ephemeral',
    unattestedClients: config.unattestedClients,
    legacyListeners: false,
    crossTenantBatching: config.crossTenantBatching,
    sharedEngines: config.sharedEngines,
    peers: [],
    credentials: config.tenants.map((tenant) => tenant.keySha256),
  }
}

async function opened(listener: 'listen' | 'plainListen', opening: Promise<Listener>): Promise<Listener> {
  try {
    return await opening
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new GatekeeperError('ADDRESS_UNAVAILABLE', { listener, reason }, { cause })
  }
}

/** Refusals are the client's to read; the operator hears of what the server failed at. */
function logFailure(log: Log, { requestId, error, cause }: RequestFailure): void {
  if (error.status < 500) return
  log({
    event: 'request-failed',
    requestId,
    status: error.status,
    code: error.code,
    cause: describeCause(cause),
  })
}

function systemClock(): UnixSeconds {
  return unixSeconds(Math.floor(Date.now() / 1000))
}
