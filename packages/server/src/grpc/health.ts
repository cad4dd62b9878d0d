import { encodeGrpcHealth, parseGrpcHealthRequest } from '@blindai/protocol'
import { ApiError } from '../http/api-error.ts'
import type { Route } from '../http/router.ts'
import { unary } from './methods.ts'
import { SERVICES } from './served-files.ts'

/**
 * Whether work is taken, for what asks in gRPC's own way; without a key, as `ServerReady`. All services are ready together.
 * `Watch` is not served: its streams would last as long as their clients, who have no key by which to count them.
 *
 * Source: GRPC Health Checking Protocol.
 */
export function healthRoutes(isReady: () => boolean): Route[] {
  return [
    unary('/grpc.health.v1.Health/Check', 'public', (_, message) => {
      const service = parseGrpcHealthRequest(message)
      if (service !== '' && !SERVICES.includes(service)) throw new ApiError('SERVICE_UNKNOWN', {})
      return encodeGrpcHealth(isReady())
    }),
  ]
}
