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
  test.for([
    {},
    { sharedEngines: true },
    { allowsCrossTenantBatches: true },
    { padToMultipleOf: 16, description: { ...RECORD.description, lengthAxes: [[1], [], [2, 3]] } },
  ])('comes back as it was: %o', (change) => {
    const record = { ...RECORD, ...change }
    const { owner, sha256, bytes, createdAt, grants } = record
    expect(recordOf({ owner, sha256, bytes, createdAt, grants, details: detailsOf(record) })).toEqual(record)
  })

  // What the first program wrote: no versions, and of a model its kind, its tensors and its task.
  test.for([
    ['of a name is version 1 of it', { name: 'm' }, { name: 'm', version: 1 }],
    ['without a name is no version', {}, {}],
  ] as const)('of an index of before there were versions, %s', ([, stored, known]) => {
    const { owner, sha256, bytes, createdAt } = RECORD
    const details = {
      kind: 'bundle',
      task: 'text-classification',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }],
      outputs: [],
      descriptionTask: 'text-classification',
    }
    expect(recordOf({ owner, sha256, bytes, createdAt, grants: ['*'], details, ...stored })).toEqual({
      ...RECORD,
      ...known,
      kind: 'bundle',
      task: 'text-classification',
      grants: ['*'],
      description: { ...RECORD.description, task: 'text-classification' },
    })
  })

  test.for([
    { kind: 'pickle' },
    { inputs: [{ name: 'x', datatype: 'FP33', shape: [] }] },
    { inputs: [{ name: 'x', datatype: 'FP32', shape: [0.5] }] },
    { outputs: 'none' },
    { sharedEngines: 'yes' },
    { task: 1 },
  ])('is refused where details are not what any program wrote: %o', (change) => {
    const { owner, sha256, bytes, createdAt, grants } = RECORD
    const details = { ...detailsOf(RECORD), ...change }
    expect(() => recordOf({ owner, sha256, bytes, createdAt, grants, details })).toThrow(
      expect.objectContaining({ code: 'WRONG_VALUE' }),
    )
  })

  test.for([
    ['allowsCrossTenantBatches', 'true'],
    ['allowsCrossTenantBatches', false],
    ['sharedEngines', 1],
    ['inputs', undefined],
  ] as const)('is refused where a member is not of its kind: %s %o', ([member, value]) => {
    const { owner, sha256, bytes, createdAt, grants } = RECORD
    const { [member]: _, ...others } = detailsOf(RECORD)
    const details = value === undefined ? others : { ...others, [member]: value }
    expect(() => recordOf({ owner, sha256, bytes, createdAt, grants, details })).toThrow(
      expect.objectContaining({ code: 'WRONG_VALUE' }),
    )
  })

  test('comes back without a member that is not known', () => {
    const { owner, sha256, bytes, createdAt, grants } = RECORD
    const details = { ...detailsOf(RECORD), later: true }
    expect(recordOf({ owner, sha256, bytes, createdAt, grants, details })).toEqual(RECORD)
  })
})
