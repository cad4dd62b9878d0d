import type { ServerConfig } from './config.ts'
import { GatekeeperError } from './gatekeeper-error.ts'
import { NO_TRAFFIC } from './gatekeeper-watch.ts'
import {
  type Listener,
  type ListenerOptions,
  listenMetrics,
  listenPlain,
  listenTls,
  originOf,
  type TlsIdentity,
} from './http/index.ts'
import type { Traffic } from './http/listener.ts'
import type { LegacyDoor, LegacyUrls } from './legacy/index.ts'

/** Where a server serves. */
export interface ListenerUrls {
  /** The attested TLS listener. */
  readonly url: string
  readonly plainUrl?: string
  readonly metricsUrl?: string
  /** Where clients of BlindAI 0.6 are served. */
  readonly legacy?: LegacyUrls
}

/** What is served besides the interface itself. */
export interface Served {
  readonly identity: TlsIdentity
  /** Metrics, as they are read. */
  readonly render: () => string
  readonly legacy: LegacyDoor | undefined
}

type ListenerName = 'listen' | 'plainListen' | 'metricsListen' | 'legacy'

/** The listeners of a server. */
export class Listeners {
  readonly #config: ServerConfig
  readonly #options: ListenerOptions
  readonly #open: Listener[] = []
  readonly #named: { tls?: Listener; plain?: Listener } = {}

  constructor(config: ServerConfig, options: ListenerOptions) {
    this.#config = config
    this.#options = options
  }

  /**
   * Opens those that the configuration names, one after the other. Those before one that cannot be had are open.
   *
   * @throws {GatekeeperError} `ADDRESS_UNAVAILABLE`.
   */
  async open({ identity, render, legacy }: Served): Promise<ListenerUrls> {
    const { listen, plainListen, metricsListen } = this.#config
    const options = this.#options
    const tls = await this.#opened('listen', listenTls(listen, identity, options))
    this.#named.tls = tls
    const plain = plainListen && (await this.#opened('plainListen', listenPlain(plainListen, options)))
    if (plain !== undefined) this.#named.plain = plain
    const shown = metricsListen && (await this.#opened('metricsListen', listenMetrics(metricsListen, options, render)))
    const opening = legacy?.listen(options, (listener) => this.#open.push(listener))
    const legacyUrls = opening && (await had('legacy', opening))
    return {
      url: originOf('https', listen.host, tls.port),
      ...(plain && plainListen ? { plainUrl: originOf('http', plainListen.host, plain.port) } : {}),
      ...(shown && metricsListen ? { metricsUrl: originOf('http', metricsListen.host, shown.port) } : {}),
      ...(legacyUrls ? { legacy: legacyUrls } : {}),
    }
  }

  traffic(name: 'tls' | 'plain'): Traffic {
    return this.#named[name]?.traffic() ?? NO_TRAFFIC
  }

  /** Closes those that are open, all at the same time. */
  async close(drainMs: number): Promise<void> {
    await Promise.all(this.#open.splice(0).map((listener) => listener.close(drainMs)))
  }

  async #opened(name: ListenerName, opening: Promise<Listener>): Promise<Listener> {
    const listener = await had(name, opening)
    this.#open.push(listener)
    return listener
  }
}

async function had<T>(listener: ListenerName, opening: Promise<T>): Promise<T> {
  try {
    return await opening
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new GatekeeperError('ADDRESS_UNAVAILABLE', { listener, reason }, { cause })
  }
}
