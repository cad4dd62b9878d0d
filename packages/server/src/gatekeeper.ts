import { setTimeout } from 'node:timers/promises'
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
import { datedSource, logAnswered, logFailure, NO_TRAFFIC } from './gatekeeper-watch.ts'
import {
  createDispatcher,
  createTlsIdentity,
  ERROR_CODES,
  type Listener,
  type ListenerOptions,
  listenMetrics,
  listenPlain,
  listenTls,
  originOf,
  type RequestFailure,
  SlowWatch,
} from './http/index.ts'
import { InferenceService } from './inference/index.ts'
import { type LegacyUrls, openLegacy } from './legacy/index.ts'
import { MemoryLadder } from './memory-ladder.ts'
import { MeteredScheduler } from './metered-scheduler.ts'
import { ServerMetrics } from './metrics/server-metrics.ts'
import { ModelLibrary, VaultRepository } from './models/index.ts'
import { openTenants } from './open-tenants.ts'
import { openVault, type StoreDevices } from './open-vault.ts'
import { processTreeBytes } from './process-memory.ts'
import { buildWall, startEngine } from './runtime/host/index.ts'
import type { Job, JobQueue, StartEngine } from './scheduler/index.ts'

/** What a server is given from outside. */
export interface ServerDependencies {
  /** The device that vouches: hardware, or the simulator. */
  readonly evidence: EvidenceSource
  readonly software: AttestedSoftware
  /** Now; the machine's clock unless given. */
  readonly clock?: () => UnixSeconds
  /** Standard error unless given. */
  readonly log?: Log
  /** What gatekeeper and engines hold; all processes of this one's tree unless given. */
  readonly readMemory?: () => Promise<number> | number
  /** How engines are started; behind the strongest wall of this machine unless given. */
  readonly engines?: EngineRoom
  /** The order in which requests are served; deficit round robin over tenants unless given. */
  readonly queue?: JobQueue<Job>
  /** Key sources and counters of this machine. */
  readonly devices?: StoreDevices
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
  readonly metricsUrl?: string
  /** Where clients of BlindAI 0.6 are served. */
  readonly legacy?: LegacyUrls
  readonly isolation: IsolationLevel
  readonly missing: readonly string[]
  /**
   * Is not ready any more, serves on for the notice, then takes no new request, ends those in flight, kills every engine.
   *
   * @param noticeMs - how long it is still served; 0 unless given.
   */
  close(noticeMs?: number): Promise<void>
}

/** A client's clock may be behind by this much. */
const CLOCK_SKEW_SECONDS = 300
/** Keys live as long as the process, at the longest for a year. */
const KEYSET_SECONDS = 365 * 86_400

/** While memory is low an engine may do nothing for this long; at the last level not at all. */
const RELIEVED_IDLE_MS = 1000

const ISOLATION_ORDER: readonly IsolationLevel[] = ['none', 'reduced', 'full']

/**
 * Starts the gatekeeper: wall, keys of this boot, statement and first evidence, listeners.
 *
 * @throws {GatekeeperError} every code; {AttesterError}
 * `EVIDENCE_UNAVAILABLE`; {StoreError} of a store that does not open.
 */
export async function startServer(config: ServerConfig, dependencies: ServerDependencies): Promise<RunningServer> {
  const write = dependencies.log ?? createStderrLog(config.limits.maxLogLinesPerSecond)
  let metrics: ServerMetrics | undefined
  const log: Log = (event) => {
    metrics?.happened(event)
    write(event)
  }
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
  const source = datedSource(dependencies.evidence, clock)
  const attester = await createAttester({
    source,
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
  const vault = await openVault(config.store, dependencies.evidence.format, log, dependencies.devices)
  const keyless = config.legacy === undefined ? [] : [config.legacy.tenant]
  const opening = { configured: config.tenants, keyless, vault, limits, clock, nowMs }
  const { tenants, meter, storageOf, expectTenant } = await openTenants(opening)
  const scheduler = new MeteredScheduler({
    limits,
    sharedEngines: config.sharedEngines,
    crossTenantBatching: config.crossTenantBatching,
    startEngine: room.start,
    nowMs,
    onEvent: log,
    ...(dependencies.queue === undefined ? {} : { queue: dependencies.queue }),
    meter,
    expectTenant,
  })
  const memory = new MemoryLadder({
    capBytes: limits.maxMemoryBytes,
    read: dependencies.readMemory ?? processTreeBytes,
    onLevel: (level, bytes) => log({ event: 'memory-level', level, mebibytes: Math.round(bytes / 1024 ** 2) }),
    relieve: (level) => scheduler.stopIdleEngines(level === 3 ? 0 : RELIEVED_IDLE_MS),
    onFailure: (cause) => log({ event: 'unexpected-rejection', cause: describeCause(cause) }),
  })
  const models = new VaultRepository({ vault, limits, nowMs, clock, storageOf, expectTenant })
  const { software } = dependencies
  const inference = new InferenceService({ models, scheduler, software, cores: limits.cores, nowMs, clock })
  const library = new ModelLibrary(models, scheduler, (record) => inference.forget(record))
  const onFailure = (failure: RequestFailure): void => logFailure(log, failure)
  const legacy =
    config.legacy &&
    (await openLegacy({
      config: config.legacy,
      source: dependencies.evidence,
      ...validity,
      ...{ models, library, inference, limits, onFailure },
    }))
  let isDraining = false
  const isReady = (): boolean => !isDraining && memory.level() < 3
  const dispatcher = createDispatcher({
    attester,
    signer,
    receiptSigner: receipts,
    clock,
    gateway,
    tenants,
    meter,
    models,
    library,
    scheduler,
    pressure: memory,
    inference,
    limits,
    unattestedClients: config.unattestedClients,
    nowMs,
    isReady,
    onAnswered: (answered) => {
      metrics?.answered(answered)
      if (config.requestLog) logAnswered(log, answered)
    },
    onFailure,
  })
  const slow = new SlowWatch(limits)
  const options: ListenerOptions = {
    dispatch: (request) => dispatcher.dispatch(request),
    limits,
    slow,
    isDraining: () => isDraining,
    isForStockClients: config.unattestedClients,
    onCut: (cause) => log({ event: 'answer-cut', cause: describeCause(cause) }),
  }
  const listeners: Listener[] = []
  const unguard = guardProcess(log)

  async function close(noticeMs: number, drainMs: number): Promise<void> {
    isDraining = true
    log({ event: 'server-draining' })
    if (noticeMs > 0) await setTimeout(noticeMs)
    await Promise.all(listeners.map((listener) => listener.close(drainMs)))
    await scheduler.close(0)
    await models.close()
    attester.close()
    slow.close()
    memory.close()
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
    const { metricsListen } = config
    metrics = new ServerMetrics({
      routes: dispatcher.routes,
      codes: ERROR_CODES,
      isReady,
      waiting: () => scheduler.waiting,
      engines: () => scheduler.census(),
      memory: () => ({ level: memory.level(), bytes: memory.bytes, capBytes: limits.maxMemoryBytes }),
      evidenceAgeSeconds: () => clock() - source.collectedAt(),
      traffic: (listener) => (listener === 'tls' ? tls : plain)?.traffic() ?? NO_TRAFFIC,
    })
    const rendered = metrics
    const shown =
      metricsListen &&
      (await opened(
        'metricsListen',
        listenMetrics(metricsListen, options, () => rendered.render()),
      ))
    if (shown !== undefined) listeners.push(shown)
    const legacyUrls =
      legacy &&
      (await opened(
        'legacy',
        legacy.listen(options, (listener) => listeners.push(listener)),
      ))
    log({ event: 'server-started', isolation: room.isolation, unattestedClients: config.unattestedClients })
    let closing: Promise<void> | undefined
    return {
      url,
      ...(plain && plainListen ? { plainUrl: originOf('http', plainListen.host, plain.port) } : {}),
      ...(shown && metricsListen ? { metricsUrl: originOf('http', metricsListen.host, shown.port) } : {}),
      ...(legacyUrls ? { legacy: legacyUrls } : {}),
      isolation: room.isolation,
      missing: room.missing,
      close: (noticeMs = 0) => {
        closing ??= close(noticeMs, limits.drainMs)
        return closing
      },
    }
  } catch (error) {
    await close(0, 0)
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
    legacyListeners: config.legacy !== undefined,
    crossTenantBatching: config.crossTenantBatching,
    sharedEngines: config.sharedEngines,
    peers: [],
    credentials: config.tenants.map((tenant) => tenant.keySha256),
  }
}

async function opened<T>(
  listener: 'listen' | 'plainListen' | 'metricsListen' | 'legacy',
  opening: Promise<T>,
): Promise<T> {
  try {
    return await opening
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new GatekeeperError('ADDRESS_UNAVAILABLE', { listener, reason }, { cause })
  }
}

function systemClock(): UnixSeconds {
  return unixSeconds(Math.floor(Date.now() / 1000))
}
