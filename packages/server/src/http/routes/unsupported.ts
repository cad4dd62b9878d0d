import type { ApiResponse } from '../api.ts'
import { ApiError } from '../api-error.ts'
import type { Route } from '../router.ts'

const SHARED = '/v2/systemsharedmemory'
const CUDA = '/v2/cudasharedmemory'
const TRACE_OF_MODEL = '/v2/models/{model}/trace/setting'

/**
 * Extensions that are not served, with their paths: who asks is told so by name, and not that a path is wrong.
 *
 * Source: Triton's shared memory, trace, logging and generate extensions.
 */
export const UNSUPPORTED: readonly { readonly method: string; readonly path: string; readonly extension: string }[] = [
  { method: 'GET', path: `${SHARED}/status`, extension: 'shared memory' },
  { method: 'GET', path: `${SHARED}/region/{region}/status`, extension: 'shared memory' },
  { method: 'POST', path: `${SHARED}/region/{region}/register`, extension: 'shared memory' },
  { method: 'POST', path: `${SHARED}/region/{region}/unregister`, extension: 'shared memory' },
  { method: 'POST', path: `${SHARED}/unregister`, extension: 'shared memory' },
  { method: 'GET', path: `${CUDA}/status`, extension: 'CUDA shared memory' },
  { method: 'GET', path: `${CUDA}/region/{region}/status`, extension: 'CUDA shared memory' },
  { method: 'POST', path: `${CUDA}/region/{region}/register`, extension: 'CUDA shared memory' },
  { method: 'POST', path: `${CUDA}/region/{region}/unregister`, extension: 'CUDA shared memory' },
  { method: 'POST', path: `${CUDA}/unregister`, extension: 'CUDA shared memory' },
  { method: 'GET', path: '/v2/trace/setting', extension: 'trace' },
  { method: 'POST', path: '/v2/trace/setting', extension: 'trace' },
  { method: 'GET', path: TRACE_OF_MODEL, extension: 'trace' },
  { method: 'POST', path: TRACE_OF_MODEL, extension: 'trace' },
  { method: 'GET', path: '/v2/logging', extension: 'logging' },
  { method: 'POST', path: '/v2/logging', extension: 'logging' },
  { method: 'POST', path: '/v2/models/{model}/generate', extension: 'generate' },
  { method: 'POST', path: '/v2/models/{model}/generate_stream', extension: 'generate' },
]

/** Whatever the body of such a request says, it is not read. */
export function unsupportedRoutes(): Route[] {
  return UNSUPPORTED.map(({ method, path, extension }) => ({
    method,
    path,
    access: 'tenant',
    maxBodyBytes: 'stream',
    handle: (): ApiResponse => {
      throw new ApiError('EXTENSION_UNSUPPORTED', { extension })
    },
  }))
}
