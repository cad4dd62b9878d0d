import { setTimeout } from 'node:timers/promises'
import { SteadyClock } from '@blindai/channel'
import {
  type AttestedSoftware,
  type EvidenceSource,
  type IsolationLevel,
  type UnixSeconds,
  unixSeconds,
} from '@blindai/core'
import { makeBootKeys, vouchFor } from './boot-keys.ts'
import type { ServerConfig } from './config.ts'
import { type EngineRoom, openEngineRoom, requireIsolation } from './engine-room.ts'
import { createStderrLog, describeCause, type Log } from './gatekeeper-log.ts'
import { guardProcess } from './gatekeeper-process.ts'
import { datedSource, logAnswered, logFailure } from './gatekeeper-watch.ts'
import { type Answered, createDispatcher, ERROR_CODES, type RequestFailure, SlowWatch } from './http/index.ts'
import { InferenceService, paddingTrial } from './inference/index.ts'
import { LEGACY_CATALOGUE, LEGACY_ROUTES, type LegacyAnswered, openLegacy } from './legacy/index.ts'
import { MemoryLadder } from './memory-ladder.ts'
import { MeteredScheduler } from './metered-scheduler.ts'
import { ServerMetrics } from './metrics/server-metrics.ts'
import { ModelLibrary, VaultRepository } from './models/index.ts'
import { Listeners, type ListenerUrls } from './open-listeners.ts'
import { openTenants } from './open-tenants.ts'
import { openVault, type StoreDevices } from './open-vault.ts'
import { OpenedParts } from './opened-parts.ts'
import { processTreeBytes } from './process-memory.ts'
import type { Job, JobQueue } from './scheduler/index.ts'

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

/** A server that serves. */
export interface RunningServer extends ListenerUrls {
  readonly isolation: IsolationLevel
  readonly missing: readonly string[]
  /**
   * Is not ready any more, serves on for the notice, then takes no new request, ends those in flight, kills every engine.
   *
   * @param noticeMs - how long it is still served; 0 unless given.
   */
  close(noticeMs?: number): Promise<void>
}

/** While memory is low an engine may do nothing for this long; at the last level not at all. */
const RELIEVED_IDLE_MS = 1000

/**
 * Starts the gatekeeper: wall, keys of this boot, statement and first evidence, listeners.
 *
 * @throws {GatekeeperError} every code; {AttesterError}
 * `EVIDENCE_UNAVAILABLE`; {StoreError} of a store that does not open.
 */
export async function startServer(config: ServerConfig, dependencies: ServerDependencies): Promise<RunningServer> {
  const write = dependencies.log ?? createStderrLog(config.limits.maxLogLinesPerSecond)
  const failed = (cause: unknown): void => write({ event: 'unexpected-rejection', cause: describeCause(cause) })
  const parts = new OpenedParts(failed)
  try {
    return await openServer(config, dependencies, write, parts)
  } catch (error) {
    // What is thrown is why it does not start, even where something of it does not close either.
    await parts.close().catch(failed)
    throw error
  }
}

/** @param parts - takes all that is opened. */
async function openServer(
  config: ServerConfig,
  dependencies: ServerDependencies,
  write: Log,
  parts: OpenedParts,
): Promise<RunningServer> {
  let metrics: ServerMetrics | undefined
  const log: Log = (event) => {
    metrics?.happened(event)
    write(event)
  }
  // Before there is a key that a core file could hold.
  parts.add(guardProcess(log))
  const steady = new SteadyClock(dependencies.clock ?? systemClock)
  const clock = (): UnixSeconds => steady.now()
  const [room, keys] = await Promise.all([dependencies.engines ?? openEngineRoom(), makeBootKeys()])
  requireIsolation(config.isolation, room)
  const { limits } = config
  const { software } = dependencies
  const source = datedSource(dependencies.evidence, clock)
  const vouched = await vouchFor(keys, { config, isolation: room.isolation, source, software, clock })
  const { attester, gateway, identity, validity } = vouched
  parts.add(() => attester.close())
  const nowMs = (): number => performance.now()
  const vault = await openVault(config.store, dependencies.evidence.format, log, dependencies.devices)
  let models: VaultRepository | undefined
  parts.add(() => (models ?? vault).close())
  const keyless = config.legacy === undefined ? [] : [config.legacy.tenant]
  const opening = { configured: config.tenants, keyless, vault, limits, clock, nowMs }
  const { tenants, meter, storageOf, expectTenant } = openTenants(opening)
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
  parts.add(() => scheduler.close(0))
  const memory = new MemoryLadder({
    capBytes: limits.maxMemoryBytes,
    read: dependencies.readMemory ?? processTreeBytes,
    onLevel: (level, bytes) => log({ event: 'memory-level', level, mebibytes: Math.round(bytes / 1024 ** 2) }),
    relieve: (level) => scheduler.stopIdleEngines(level === 3 ? 0 : RELIEVED_IDLE_MS),
    onFailure: (cause) => log({ event: 'unexpected-rejection', cause: describeCause(cause) }),
  })
  parts.add(() => memory.close())
  models = new VaultRepository({ vault, limits, nowMs, clock, storageOf, expectTenant })
  const { cores, maxBatchElements } = limits
  const batches = maxBatchElements > 0
  const inference = new InferenceService({ models, scheduler, software, cores, batches, nowMs, clock })
  const library = new ModelLibrary(models, scheduler, paddingTrial(scheduler), (record) => inference.forget(record))
  const onFailure = (failure: RequestFailure): void => logFailure(log, failure)
  const onAnswered = (answered: Answered | LegacyAnswered): void => {
    metrics?.answered(answered)
    if (config.requestLog) logAnswered(log, answered)
  }
  const legacy =
    config.legacy &&
    (await openLegacy({
      config: config.legacy,
      source: dependencies.evidence,
      ...validity,
      ...{ clock, models, library, inference, limits, meter, pressure: memory, nowMs, onAnswered, onFailure },
    }))
  let isDraining = false
  let isEnding = false
  const isReady = (): boolean => !isDraining && memory.level() < 3
  const dispatcher = createDispatcher({
    attester,
    signer: keys.signer,
    receiptSigner: keys.receiptSigner,
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
    isEnding: () => isEnding,
    onAnswered,
    onFailure,
    onRefused: (code) => metrics?.refused(code),
  })
  const slow = new SlowWatch(limits)
  parts.add(() => slow.close())
  const listeners = new Listeners(config, {
    dispatch: (request) => dispatcher.dispatch(request),
    limits,
    slow,
    isDraining: () => isDraining,
    isForStockClients: config.unattestedClients,
    onCut: (cause) => log({ event: 'answer-cut', cause: describeCause(cause) }),
  })
  parts.add(() => listeners.close(0))
  const shown = new ServerMetrics({
    routes: [...dispatcher.routes, ...Object.values(LEGACY_ROUTES)],
    codes: [...ERROR_CODES, ...Object.keys(LEGACY_CATALOGUE)],
    isReady,
    waiting: () => scheduler.waiting,
    engines: () => scheduler.census(),
    memory: () => ({ level: memory.level(), bytes: memory.bytes, capBytes: limits.maxMemoryBytes }),
    evidenceAgeSeconds: () => clock() - source.collectedAt(),
    traffic: (listener) => listeners.traffic(listener),
  })
  metrics = shown

  async function close(noticeMs: number): Promise<void> {
    isDraining = true
    log({ event: 'server-draining' })
    if (noticeMs > 0) await setTimeout(noticeMs)
    isEnding = true
    parts.add(() => listeners.close(limits.drainMs))
    await parts.close()
    log({ event: 'server-closed' })
  }

  const urls = await listeners.open({ identity, render: () => shown.render(), legacy })
  log({ event: 'server-started', isolation: room.isolation, unattestedClients: config.unattestedClients })
  let closing: Promise<void> | undefined
  return {
    ...urls,
    isolation: room.isolation,
    missing: room.missing,
    close: (noticeMs = 0) => {
      closing ??= close(noticeMs)
      return closing
    },
  }
}

function systemClock(): UnixSeconds {
  return unixSeconds(Math.floor(Date.now() / 1000))
}
