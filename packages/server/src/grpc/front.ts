import type { ApiRequest, ApiResponse } from '../http/api.ts'
import { ApiError } from '../http/api-error.ts'
import type { Route } from '../http/router.ts'
import { SERVICES } from './served-files.ts'

/** Where the methods of inference are. Source: gRPC over HTTP/2, "Path". */
export const SERVICE_PATH = '/inference.GRPCInferenceService'

/** Serves a request. */
export type Dispatch = (request: ApiRequest) => Promise<ApiResponse>

/** Messages are protobuf, whether that is said or not. Source: gRPC over HTTP/2, "Content-Type". */
const CONTENT_TYPE = /^application\/grpc(?:\+proto)?(?: *;|$)/i

/** Tells gRPC from all other requests: it comes over h2, and says so. */
export function grpcFront({ http, grpc }: { readonly http: Dispatch; readonly grpc: Dispatch }): Dispatch {
  return (request) => (isGrpc(request) ? grpc(request) : http(request))
}

function isGrpc({ duplex, headers }: ApiRequest): boolean {
  const contentType = headers['content-type']
  return duplex !== undefined && typeof contentType === 'string' && CONTENT_TYPE.test(contentType)
}

/** True for a path that is gRPC's. */
export function isGrpcPath(path: string): boolean {
  return SERVICES.some((service) => path.startsWith(`/${service}/`))
}

/** For what comes to the services without being gRPC: over http/1.1, sealed, or as another media type. */
export function notGrpcRoutes(): Route[] {
  const handle = (): never => {
    throw new ApiError('GRPC_EXPECTED', {})
  }
  const route = { method: 'POST', access: 'public', maxBodyBytes: 'stream', readsAtMostBytes: 0, handle } as const
  return SERVICES.map((service) => ({ ...route, path: `/${service}/{method}` }))
}
