import { unixSeconds } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { DEFAULT_POLICY, verify, verifyEvidence } from '../src/index.ts'

const NOW = 1_795_407_570
const fault = new TypeError('broken')

describe('a fault of the program', () => {
  const broken = {
    get statement(): string {
      throw fault
    },
  }
  test('is no verdict on a document', () =>
    expect(verify(broken as never, DEFAULT_POLICY, { now: unixSeconds(NOW) })).rejects.toBe(fault))
  test('is no verdict on bare evidence', () => {
    const evidence = {
      format: 'tdx',
      bytes: new Uint8Array(),
      get endorsements(): never {
        throw fault
      },
    } as const
    return expect(verifyEvidence(evidence, DEFAULT_POLICY, { now: unixSeconds(NOW) })).rejects.toBe(fault)
  })
})
