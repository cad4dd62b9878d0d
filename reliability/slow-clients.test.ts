import { describe, expect, test } from 'vitest'
import { isSound } from './lib/report.ts'
import { checkSlowClients } from './slow-clients.ts'

describe('clients that are slow at headers, bodies and reading', () => {
  test('are all closed in time, and keep nobody else waiting; a server without timeouts would be found', async () => {
    const findings = await checkSlowClients({ long: false })
    expect(isSound(findings), JSON.stringify(findings)).toBe(true)
  }, 600_000)
})
