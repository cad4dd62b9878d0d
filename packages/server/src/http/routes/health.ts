import { type ApiResponse, jsonResponse } from '../api.ts'
import type { Route } from '../router.ts'

/** Whether the process lives, and whether it takes work. Source: Open Inference Protocol v2, "Health". */
export function healthRoutes(isReady: () => boolean): Route[] {
  const live = (): ApiResponse => jsonResponse(200, { live: true })
  const ready = (): ApiResponse => jsonResponse(isReady() ? 200 : 503, { ready: isReady() })
  const open = { method: 'GET', access: 'public', maxBodyBytes: 0, plain: true } as const
  return [
    { ...open, path: '/v2/health/live', handle: live },
    { ...open, path: '/v2/health/ready', handle: ready },
  ]
}
