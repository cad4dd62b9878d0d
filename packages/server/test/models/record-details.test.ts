import { unixSeconds } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { detailsOf, recordOf } from '../../src/models/record-details.ts'
import type { ModelRecord } from '../../src/models/repository.ts'

const RECORD: ModelRecord = {
  owner: 'alice',
  sha256: 'ab'.repeat(32),
  kind: 'onnx',
  bytes: 3,
  createdAt: unixSeconds(1_800_000_000),
  grants: [],
  description: { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }], outputs: [] },
}

describe('the record of a model that is stored', () => {
  test.for([{}, { allowsCrossTenantBatches: true }])('comes back as it was: %o', (change) => {
    const record = { ...RECORD, ...change }
    const { owner, sha256, bytes, createdAt, grants } = record
    expect(recordOf({ owner, sha256, bytes, createdAt, grants, details: detailsOf(record) })).toEqual(record)
  })

  test('lets no tenants share a run by a word that is not true', () => {
    const { owner, sha256, bytes, createdAt, grants } = RECORD
    const details = { ...detailsOf(RECORD), allowsCrossTenantBatches: 'true' }
    expect(recordOf({ owner, sha256, bytes, createdAt, grants, details })).toEqual(RECORD)
  })
})
