import type { ApiResponse } from '../api.ts'
import { ApiError } from '../api-error.ts'
import type { Route } from '../router.ts'

/** Extensions that are not served, with their paths: who asks is told so by name, and not that a path is wrong. */
const EXTENSIONS = [
  { extension: 'shared memory', get: '/v2/systemsharedmemory/status' },
  { extension: 'shared memory', get: '/v2/systemsharedmemory/region/{region}/status' },
  { extension: 'shared memory', post: '/v2/systemsharedmemory/region/{region}/register' },
  { extension: 'shared memory', post: '/v2/systemsharedmemory/region/{region}/unregister' },
  { extension: 'shared memory', post: '/v2/systemsharedmemory/unregister' },
  { extension: 'CUDA shared memory', get: '/v2/cudasharedmemory/status' },
  { extension: 'CUDA shared memory', get: '/v2/cudasharedmemory/region/{region}/status' },
  { extension: 'CUDA shared memory', post: '/v2/cudasharedmemory/region/{region}/register' },
  { extension: 'CUDA shared memory', post: '/v2/cudasharedmemory/region/{region}/unregister' },
  { extension: 'CUDA shared memory', post: '/v2/cudasharedmemory/unregister' },
  { extension: 'trace', get: '/v2/trace/setting', post: '/v2/trace/setting' },
  { extension: 'trace', get: '/v2/models/{model}/trace/setting', post: '/v2/models/{model}/trace/setting' },
  { extension: 'logging', get: '/v2/logging', post: '/v2/logging' },
  { extension: 'generate', post: '/v2/models/{model}/generate' },
  { extension: 'generate', post: '/v2/models/{model}/generate_stream' },
] as const

/** Whatever the body says, it is not read. */
const ANY_BODY = 'stream'

/** Source: Triton's shared memory, trace, logging and generate extensions. */
export function unsupportedRoutes(): Route[] {
  const routes: Route[] = []
  for (const entry of EXTENSIONS) {
    const { extension } = entry
    const handle = (): ApiResponse => {
      throw new ApiError('EXTENSION_UNSUPPORTED', { extension })
    }
    const refused = { access: 'tenant', maxBodyBytes: ANY_BODY, handle } as const
    if ('get' in entry) routes.push({ ...refused, method: 'GET', path: entry.get })
    if ('post' in entry) routes.push({ ...refused, method: 'POST', path: entry.post })
  }
  return routes
}
