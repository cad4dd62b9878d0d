import type { PressureLevel } from '../memory-ladder.ts'
import type { ArrivedRequest } from './api.ts'
import { ApiError } from './api-error.ts'
import { header } from './request-fields.ts'
import type { Route } from './router.ts'

/** What is looked at of a route. */
type GatedRoute = Pick<Route, 'maxBodyBytes' | 'readsAtMostBytes' | 'isUpload' | 'startsWork'>

/** A body up to this many bytes is small: it fits what a connection may hold anyway. */
const SMALL_BODY_BYTES = 64 * 1024

const CODING_HEADERS = ['content-encoding', 'grpc-encoding'] as const

/** By level: long enough for what was refused to have been freed. */
const RETRY_AFTER_SECONDS: readonly [number, number, number, number] = [0, 5, 2, 2]

/**
 * Refuses what the level of memory leaves no room for, before a byte of its body is kept. Requests without a body, or with a
 * small one by their route, are answered at every level: health, the document, metadata, and deletes, which free memory; but
 * not those that start engines, which hold more than any body. So is a part that goes on with an upload at level 1: it was let
 * in before.
 *
 * @throws {ApiError} `MEMORY_LOW`.
 */
export function refuseUnderPressure(level: PressureLevel, route: GatedRoute, request: ArrivedRequest): void {
  if (level === 0) return
  const refused = refusedAt(level, route, request)
  if (refused === undefined) return
  throw new ApiError('MEMORY_LOW', { refused, retryAfterSeconds: RETRY_AFTER_SECONDS[level] })
}

function refusedAt(level: PressureLevel, route: GatedRoute, request: ArrivedRequest): string | undefined {
  if (route.startsWork === true) return level >= 2 ? 'orders to load a model' : undefined
  if (isSmall(route.readsAtMostBytes ?? route.maxBodyBytes)) return undefined
  if (level === 3) return 'new work'
  if (level === 2 && (mayExpand(request) || !isSmall(announcedLength(request)))) return 'large bodies'
  return route.isUpload === true && !goesOn(request) ? 'new uploads' : undefined
}

function isSmall(bytes: number | 'stream' | undefined): boolean {
  return typeof bytes === 'number' && bytes <= SMALL_BODY_BYTES
}

/** What is compressed may become anything; over gRPC each message may be, where the call says so. */
function mayExpand({ headers }: ArrivedRequest): boolean {
  return CODING_HEADERS.some((name) => (headers[name] ?? 'identity') !== 'identity')
}

/** What is sealed has announced its length inside. */
function announcedLength(request: ArrivedRequest): number | undefined {
  if ('body' in request) return request.body.length
  const announced = header(request.headers, 'content-length')
  return announced === undefined ? undefined : Number(announced)
}

function goesOn({ headers }: ArrivedRequest): boolean {
  const offset = header(headers, 'upload-offset')
  return offset !== undefined && offset !== '0'
}
