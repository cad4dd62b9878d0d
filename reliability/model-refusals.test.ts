import { describe, expect, test } from 'vitest'
import { isOfModel } from './lib/model-refusals.ts'

describe('a refusal of a model', () => {
  test.each(['MODEL_REFUSED', 'MODEL_INVALID', 'INPUT_INVALID', 'ENGINE_CRASHED', 'RUN_FAILED'])(
    'may be %s',
    (code) => {
      expect(isOfModel(code)).toBe(true)
    },
  )
  test.each([
    ...['UNAUTHENTICATED', 'TENANT_RATE_LIMITED', 'TENANT_ENGINE_TIME_SPENT', 'TENANT_BUSY', 'SERVER_BUSY'],
    ...['TENANT_BACKLOG', 'SERVER_BACKLOG', 'MEMORY_LOW', 'BODY_MEMORY_FULL', 'UPLOAD_LIMIT', 'MODEL_LIMIT'],
    ...['TENANT_STORAGE_FULL', 'DISK_FULL', 'STORE_FAILED', 'ENGINE_STOPPED', 'WALL_UNAVAILABLE', 'INTERNAL'],
    ...['CONNECTION_LOST', 'TIMEOUT', 'answered', 'a failure of the client: TypeError', ''],
  ])('is not %s', (code) => {
    expect(isOfModel(code)).toBe(false)
  })
})
