import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { LOG_EVENTS, type MemberRule } from '../src/log-events.ts'
import { ServerMetrics } from '../src/metrics/server-metrics.ts'

const PAGE = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8')

describe('the page for operators', () => {
  test('has each event of the log as it is in the code, and no other', () => {
    const rows = Object.entries(LOG_EVENTS).map(([event, { says, members }]) => {
      const rules: readonly (readonly [string, MemberRule])[] = Object.entries(members)
      const shown = rules.map(([name, rule]) => `\`${name}\`: ${typeof rule === 'string' ? rule : rule.join(', ')}`)
      return `| \`${event}\` | ${says} | ${shown.join('; ')} |`
    })
    const table = PAGE.slice(PAGE.indexOf('| event | when | members |')).split('\n\n')[0]?.split('\n').slice(2)
    expect(table).toEqual(rows)
  })

  test('names each metric, and no other', () => {
    const none = { connections: 0, received: 0, sent: 0 }
    const text = new ServerMetrics({
      routes: [],
      codes: [],
      isReady: () => true,
      waiting: () => 0,
      engines: () => ({ starting: 0, idle: 0, busy: 0, stopping: 0 }),
      memory: () => ({ level: 0, bytes: 0, capBytes: 1 }),
      evidenceAgeSeconds: () => 0,
      traffic: () => none,
    }).render()
    const families = [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name)
    const named = [...PAGE.matchAll(/`(blindai_\w+)`/g)].map(([, name]) => name)
    expect(named.toSorted()).toEqual(families.toSorted())
  })
})
