import type { EvidenceSource, UnixSeconds } from '@blindai/core'
import { describeCause, type Log } from './gatekeeper-log.ts'
import type { Answered, RequestFailure } from './http/index.ts'
import type { Traffic } from './http/listener.ts'

/** Refusals are the client's to read; the operator hears of what the server failed at. */
export function logFailure(log: Log, { requestId, error, cause }: RequestFailure): void {
  if (error.status < 500) return
  log({
    event: 'request-failed',
    requestId,
    status: error.status,
    code: error.code,
    cause: describeCause(cause),
  })
}

/** The line of a request, for who asked for one. */
export function logAnswered(log: Log, { requestId, route, status, code, ms, bytesIn, bytesOut }: Answered): void {
  const { method, path } = route ?? { method: 'other', path: 'none' }
  const bytes = { bytesIn: bytesIn ?? null, bytesOut: bytesOut ?? null }
  // What is said of a path without being a route of it has no template.
  const named = path === '' ? 'none' : path
  log({ event: 'request', requestId, method, route: named, status, code: code ?? null, ms: Math.round(ms), ...bytes })
}

/** Of a listener that is not there. */
export const NO_TRAFFIC: Traffic = { connections: 0, received: 0, sent: 0 }

/** A source that knows when it was last of use. */
export function datedSource(
  source: EvidenceSource,
  clock: () => UnixSeconds,
): EvidenceSource & { collectedAt(): UnixSeconds } {
  let collectedAt = clock()
  return {
    format: source.format,
    async collect(reportData) {
      const evidence = await source.collect(reportData)
      collectedAt = clock()
      return evidence
    },
    endorsements: () => source.endorsements(),
    collectedAt: () => collectedAt,
  }
}
