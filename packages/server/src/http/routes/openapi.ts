import { type ApiResponse, jsonBytesResponse } from '../api.ts'
import { openApiDocument } from '../openapi/document.ts'
import type { Route } from '../router.ts'

/** The description of the interface; the same for every server of this version, so it says nothing of this one. */
export function openApiRoutes(): Route[] {
  const json = Buffer.from(JSON.stringify(openApiDocument()))
  const handle = (): ApiResponse => jsonBytesResponse(200, json)
  return [{ method: 'GET', path: '/openapi.json', access: 'public', maxBodyBytes: 0, handle }]
}
