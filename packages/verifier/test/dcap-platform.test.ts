import type { JsonObject } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { CheckList } from '../src/appraisal/check-list.ts'
import { judgeDcapPlatform } from '../src/appraisal/judge-dcap-platform.ts'
import { parsePolicy } from '../src/index.ts'

/** As a certificate of the processor authority says it: without an instance. */
const CLAIMS = { fmspc: '00606a000000', pceId: '0000', ppid: '11'.repeat(16), cpuSvn: '00'.repeat(16), pceSvn: 11 }

function judge(platformInstanceId: { allow?: string[]; deny?: string[] }) {
  const { tdx } = parsePolicy({ version: 1, name: 'test', tdx: { platforms: { platformInstanceId } } })
  const checks = new CheckList(['policy.platform'])
  judgeDcapPlatform(checks, CLAIMS, tdx.platforms)
  return checks.all[0]
}

describe('a platform without an instance identifier', () => {
  test('is not one of those that a policy allows', () => {
    expect(judge({ allow: ['22'.repeat(16)] })).toMatchObject({
      status: 'failed',
      error: { code: 'PLATFORM_NOT_ALLOWED', details: { identifier: 'platformInstanceId', value: '(none)' } },
    })
  })
  test('is none of those that a policy denies', () => {
    expect(judge({ deny: ['22'.repeat(16)] })).toMatchObject({ status: 'passed' })
  })
  test('is one that a policy allows by another identifier', () => {
    const judged = (platforms: JsonObject): unknown => {
      const { tdx } = parsePolicy({ version: 1, name: 'test', tdx: { platforms } })
      const checks = new CheckList(['policy.platform'])
      judgeDcapPlatform(checks, CLAIMS, tdx.platforms)
      return checks.all[0]
    }
    expect(judged({ fmspc: { allow: [CLAIMS.fmspc] } })).toMatchObject({ status: 'passed' })
    expect(judged({ fmspc: { allow: ['00606a000001'] } })).toMatchObject({
      status: 'failed',
      error: { code: 'PLATFORM_NOT_ALLOWED', details: { identifier: 'fmspc', value: CLAIMS.fmspc } },
    })
    expect(judged({ ppid: { deny: [CLAIMS.ppid] } })).toMatchObject({
      status: 'failed',
      error: { code: 'PLATFORM_DENIED', details: { identifier: 'ppid', value: CLAIMS.ppid } },
    })
  })
})
