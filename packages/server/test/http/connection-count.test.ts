import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { ConnectionCount, networkOf } from '../../src/http/connection-count.ts'
import { ask1, openHouse, sessionTo, socketTo } from '../fixtures/listening.ts'

describe('connections from one place', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
    ['fe80::1:2:3:4', 'fe80:0:0:0'],
    ['::1', '0:0:0:0'],
    ['', ''],
  ])('are counted for %s as %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })

  test('have a bound of their own, and leave it to others when they end', () => {
    const count = new ConnectionCount(2)
    const [first, second] = [count.enter('192.0.2.1'), count.enter('::ffff:192.0.2.1')]
    expect([first, second]).not.toContain(undefined)
    expect(count.enter('192.0.2.1')).toBeUndefined()
    expect(count.enter('192.0.2.2')).toBeDefined()
    first?.()
    expect(count.enter('192.0.2.1')).toBeDefined()
    expect(count.enter('192.0.2.1')).toBeUndefined()
  })
})

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const house of open.splice(0)) await house.close()
})

describe('a connection that never makes its handshake', () => {
  test('is closed', async () => {
    const house = await openHouse({ limits: { handshakeTimeoutMs: 200 } })
    open.push(house)
    const socket = connect(house.tls.port, '127.0.0.1')
    await new Promise((resolve) => socket.once('close', resolve))
    await expect.poll(() => house.tls.traffic().connections).toBe(0)
  })
})

describe('a listener with as many connections as it may have', () => {
  test.each(['maxConnections', 'maxConnectionsPerAddress'])(
    'by %s closes new ones, and takes them again',
    async (limit) => {
      const house = await openHouse({ limits: { [limit]: 2 } })
      open.push(house)
      const [first, second] = [await socketTo(house.tls), await sessionTo(house.tls)]
      await expect(socketTo(house.tls)).rejects.toThrow()
      expect(await ask1(first, 'GET', '/v2/health/live')).toMatchObject({ status: 200 })
      second.destroy()
      await expect.poll(() => house.tls.traffic().connections).toBe(1)
      const third = await socketTo(house.tls)
      expect(await ask1(third, 'GET', '/v2/health/live')).toMatchObject({ status: 200 })
      for (const socket of [first, third]) socket.destroy()
    },
  )
})
