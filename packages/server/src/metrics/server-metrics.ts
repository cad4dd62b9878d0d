import type { LogEvent } from '../log-events.ts'
import { Counter, type Family, Histogram, product, Reading, type Series } from './exposition.ts'

/** A request that was answered, by what the server itself calls it. */
export interface AnsweredRequest {
  readonly route: RouteName | undefined
  readonly status: number
  readonly code: string | undefined
  readonly ms: number
}

/** A route by its method and template, and whether it brings models. */
export interface RouteName {
  readonly method: string
  readonly path: string
  readonly isUpload?: boolean
}

/** Where the numbers are that are looked up. */
export interface MetricSources {
  readonly routes: readonly RouteName[]
  readonly codes: readonly string[]
  readonly isReady: () => boolean
  readonly waiting: () => number
  readonly engines: () => Readonly<Record<(typeof PHASES)[number], number>>
  readonly memory: () => { readonly level: number; readonly bytes: number; readonly capBytes: number }
  readonly evidenceAgeSeconds: () => number
  readonly traffic: (listener: (typeof LISTENERS)[number]) => {
    readonly connections: number
    readonly received: number
    readonly sent: number
  }
}

const PHASES = ['starting', 'idle', 'busy', 'stopping'] as const
const LISTENERS = ['tls', 'plain'] as const
const STATUS_CLASSES = ['2xx', '3xx', '4xx', '5xx'] as const
const STOP_REASONS = ['idle', 'evicted', 'released', 'cancelled', 'failed', 'exited'] as const
/** What a stop reason of a later scheduler is counted as; no label may come from elsewhere. */
const OTHER = 'other'
const UPLOAD_OUTCOMES = ['created', 'known', 'partial', 'refused'] as const
/** Seconds: from a health check to the longest deadline. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const
/** What no route takes. */
const NO_ROUTE: RouteName = { method: 'other', path: 'none' }

/**
 * The metrics of a server: how much, how fast, how full; nothing of whom, of which model or of what. All labels are of closed
 * lists, so two servers of one version show the same series whatever they were asked.
 */
export class ServerMetrics {
  readonly #routes: ReadonlySet<string>
  readonly #requests: Counter
  readonly #seconds: Histogram
  readonly #refusals: Counter
  readonly #uploads: Counter
  readonly #engineStarts: Counter
  readonly #engineStops: Counter
  readonly #quarantined: Counter
  readonly #gauges: readonly Family[]

  constructor(sources: MetricSources) {
    const routes = [...sources.routes, NO_ROUTE].map(seriesOf)
    this.#routes = new Set(routes.map(keyOf))
    const classes = product({ status: STATUS_CLASSES })
    const byClass = routes.flatMap((route) => classes.map((status) => ({ ...route, ...status })))
    this.#requests = new Counter('blindai_requests_total', 'Answered requests.', byClass)
    this.#seconds = new Histogram('blindai_request_seconds', 'Time to the head of the answer.', BOUNDS, routes)
    this.#refusals = new Counter('blindai_refusals_total', 'Refusals by code.', product({ code: sources.codes }))
    this.#uploads = new Counter('blindai_uploads_total', 'Uploads and parts.', product({ outcome: UPLOAD_OUTCOMES }))
    this.#engineStarts = new Counter(
      'blindai_engine_starts_total',
      'Engines that loaded their model, or did not.',
      product({ outcome: ['started', 'failed'] }),
    )
    this.#engineStops = new Counter(
      'blindai_engine_stops_total',
      'Engines that were stopped, or died.',
      product({ reason: [...STOP_REASONS, OTHER] }),
    )
    this.#quarantined = new Counter('blindai_models_quarantined_total', 'Models that crashed twice for a tenant.')
    this.#gauges = gaugesOf(sources)
  }

  answered({ route, status, code, ms }: AnsweredRequest): void {
    const known = seriesOf(route ?? NO_ROUTE)
    const series = this.#routes.has(keyOf(known)) ? known : seriesOf(NO_ROUTE)
    const index = Math.min(Math.max(Math.floor(status / 100), 2), 5) - 2
    this.#requests.add({ ...series, status: STATUS_CLASSES[index] ?? '5xx' })
    this.#seconds.observe(series, ms / 1000)
    if (code !== undefined) this.refused(code)
    if (route?.isUpload === true) this.#uploads.add({ outcome: uploadOutcome(status) })
  }

  /** Counts what was refused inside of a stream that goes on. */
  refused(code: string): void {
    this.#refusals.add({ code })
  }

  /** Counts what the log is told. */
  happened(event: LogEvent): void {
    if (event.event === 'engine-started') this.#engineStarts.add({ outcome: 'started' })
    if (event.event === 'engine-failed') this.#engineStarts.add({ outcome: 'failed' })
    if (event.event === 'engine-stopped') {
      const reason = STOP_REASONS.find((known) => known === event.reason) ?? OTHER
      this.#engineStops.add({ reason })
    }
    if (event.event === 'model-quarantined') this.#quarantined.add()
  }

  /** Text format 0.0.4. */
  render(): string {
    const families: readonly Family[] = [
      ...[this.#requests, this.#seconds, this.#refusals, this.#uploads],
      ...[this.#engineStarts, this.#engineStops, this.#quarantined],
      ...this.#gauges,
    ]
    return families.map((family) => family.render()).join('')
  }
}

function gaugesOf(sources: MetricSources): Family[] {
  const traffic = (listener = ''): ReturnType<MetricSources['traffic']> =>
    sources.traffic(listener === 'plain' ? 'plain' : 'tls')
  const engines = product({ state: PHASES })
  const gauge = (name: string, help: string, read: (one: Series) => number, series?: readonly Series[]): Family =>
    new Reading('gauge', `blindai_${name}`, help, read, series)
  return [
    gauge('ready', '1 when new work is taken.', () => Number(sources.isReady())),
    gauge('queue_length', 'Requests that wait for an engine.', () => sources.waiting()),
    gauge('engines', 'Engines by state.', ({ state }) => sources.engines()[phaseOf(state)], engines),
    gauge('memory_level', 'Step of the memory ladder, 0 to 3.', () => sources.memory().level),
    gauge('memory_bytes', 'What gatekeeper and engines hold.', () => sources.memory().bytes),
    gauge('memory_cap_bytes', 'What they may hold.', () => sources.memory().capBytes),
    gauge('evidence_age_seconds', 'Since evidence was last collected.', () => sources.evidenceAgeSeconds()),
    gauge(
      'connections',
      'Open connections.',
      ({ listener }) => traffic(listener).connections,
      product({ listener: LISTENERS }),
    ),
    new Reading(
      'counter',
      'blindai_network_bytes_total',
      'Bytes over all connections, TLS and HTTP included.',
      ({ listener, direction }) => traffic(listener)[direction === 'sent' ? 'sent' : 'received'],
      product({ listener: LISTENERS, direction: ['received', 'sent'] }),
    ),
  ]
}

function phaseOf(state: string | undefined): (typeof PHASES)[number] {
  return PHASES.find((phase) => phase === state) ?? 'stopping'
}

function seriesOf({ method, path }: RouteName): { readonly method: string; readonly route: string } {
  return { method, route: path }
}

function keyOf({ method, route }: { readonly method: string; readonly route: string }): string {
  return `${method} ${route}`
}

function uploadOutcome(status: number): (typeof UPLOAD_OUTCOMES)[number] {
  if (status === 201) return 'created'
  if (status === 200) return 'known'
  return status === 202 ? 'partial' : 'refused'
}
