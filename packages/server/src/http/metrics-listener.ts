import type { ListenAddress } from '../config.ts'
import { type ApiResponse, emptyResponse } from './api.ts'
import { ApiError } from './api-error.ts'
import { errorResponse, publicError } from './error-response.ts'
import type { Listener } from './listener.ts'
import { listenHttp } from './plain-listener.ts'
import type { ListenerOptions } from './tls-listener.ts'

/** Source: Prometheus, "Exposition formats". */
const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8'

/** The listener of metrics: `GET /metrics` and nothing else, for whoever may connect to it. */
export function listenMetrics(
  address: ListenAddress,
  options: Omit<ListenerOptions, 'dispatch'>,
  render: () => string,
): Promise<Listener> {
  const dispatch: ListenerOptions['dispatch'] = async ({ method, path }): Promise<ApiResponse> => {
    if (path !== '/metrics') return errorResponse(publicError(new ApiError('NOT_FOUND', {})))
    if (method === 'HEAD') return emptyResponse(200, { 'content-type': TEXT_FORMAT })
    if (method !== 'GET') return errorResponse(publicError(new ApiError('METHOD_NOT_ALLOWED', { allow: 'GET, HEAD' })))
    return { status: 200, headers: { 'content-type': TEXT_FORMAT }, body: [Buffer.from(render())] }
  }
  return listenHttp(address, { ...options, dispatch }, {})
}
