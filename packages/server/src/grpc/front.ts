import type { ApiRequest, ApiResponse } from '../http/api.ts'
import { ApiError } from '../http/api-error.ts'
import type { Route } from '../http/router.ts'

/** Where the methods of the service are. Source: gRPC over HTTP/2, "Path". */
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

/** For what comes to the service without being gRPC: over http/1.1, sealed, or as another media type. */
export function notGrpcRoutes(): Route[] {
  const handle = (): never => {
    throw new ApiError('GRPC_EXPECTED', {})
  }
  const path = `${SERVICE_PATH}/{method}`
  return [{ method: 'POST', path, access: 'public', maxBodyBytes: 'stream', readsAtMostBytes: 0, handle }]
}
