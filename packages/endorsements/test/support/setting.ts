import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type UnixSeconds, unixSeconds } from '@blindai/core'
import { createMockAuthority, type MockAuthority } from '@blindai/simulator'
import type { DcapNeeds } from '@blindai/verifier'
import { onTestFinished } from 'vitest'
import {
  type EndorsementEvent,
  type EndorsementFetcher,
  type EndorsementSettings,
  type FetcherDependencies,
  openEndorsementFetcher,
} from '../../src/index.ts'
import { type FakeService, type FakeTls, serveDcap, startFake } from './fake-service.ts'

/** 2027-01-15T08:00:00Z. */
export const NOW: UnixSeconds = unixSeconds(1_800_000_000)
export const DAY = 86_400

/** One authority for all tests of a file. */
export const authority: MockAuthority = createMockAuthority({ now: NOW })

/** What evidence of the mock authority needs. */
export const NEEDS: DcapNeeds = { technology: 'dcap', tee: 'tdx', fmspc: 'b11da1000000', ca: 'platform' }

/** A clock and a dice that the test holds; waits are noted and over at once. */
export class TestPace {
  now: UnixSeconds = NOW
  readonly waits: number[] = []
  readonly clock = (): UnixSeconds => this.now
  readonly random = (): number => 0.5
  readonly sleep = async (milliseconds: number): Promise<void> => {
    this.waits.push(milliseconds)
  }
  advance(seconds: number): void {
    this.now = unixSeconds(this.now + seconds)
  }
}

/** A fetcher over a fake service that has what the mock authority endorses. */
export interface Setting {
  readonly service: FakeService
  readonly pace: TestPace
  readonly events: EndorsementEvent[]
  readonly fetcher: EndorsementFetcher
  readonly settings: EndorsementSettings
  /** Another one over the same service and the same folder: what a restart would open. */
  reopen(): Promise<EndorsementFetcher>
  /** Waits until an event happened. */
  happened(event: EndorsementEvent['event'], name?: string): Promise<EndorsementEvent>
}

export async function open(
  more: { readonly settings?: object; readonly cacheDir?: string; readonly tls?: FakeTls } & FetcherDependencies = {},
): Promise<Setting> {
  const { settings: change, cacheDir, tls, ...dependencies } = more
  const service = await startFake(tls)
  serveDcap(service, authority.endorsements, NEEDS)
  const pace = new TestPace()
  const events: EndorsementEvent[] = []
  const settings: EndorsementSettings = {
    intel: { url: service.url, ...change },
    amd: { url: service.url },
    ...(cacheDir !== undefined && { cacheDir }),
  }
  const opened: EndorsementFetcher[] = []
  const reopen = async (): Promise<EndorsementFetcher> => {
    const fetcher = await openEndorsementFetcher(settings, {
      clock: pace.clock,
      random: pace.random,
      sleep: pace.sleep,
      onEvent: (event) => events.push(event),
      ...dependencies,
    })
    opened.push(fetcher)
    return fetcher
  }
  const fetcher = await reopen()
  onTestFinished(async () => {
    await Promise.all(opened.map((one) => one.close()))
    await service.close()
  })
  return {
    service,
    pace,
    events,
    fetcher,
    settings,
    reopen,
    async happened(event, name) {
      for (let i = 0; i < 500; i++) {
        const found = events.find((one) => one.event === event && (name === undefined || one.name === name))
        if (found !== undefined) return found
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      throw new Error(`no event ${event} ${name ?? ''}; there were ${JSON.stringify(events)}`)
    },
  }
}

/** A folder that is gone after the test. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'blindai-endorsements-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it did not reject')
}
