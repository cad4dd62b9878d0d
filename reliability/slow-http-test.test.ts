import { tmpdir } from 'node:os'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { openedOf, slowHttpTest } from './lib/slow-http-test.ts'

const HEAD = 'Seconds,Closed,Pending,Connected,Service Available\n'

describe('the connections that slowhttptest opened', () => {
  test.each([
    ['all of them were open at once', `${HEAD}0,0,1,0,30\n1,0,0,30,30\n2,0,0,30,30\n`, 30],
    ['some were closed meanwhile', `${HEAD}0,0,9,20,30\n1,12,0,17,30\n2,15,0,10,30\n`, 29],
    ['none was', `${HEAD}0,0,30,0,0\n`, 0],
    ['it wrote nothing', HEAD, 0],
  ])('are counted where %s', (_, csv, opened) => {
    expect(openedOf(csv)).toBe(opened)
  })
  test.each(['2,0,0', '2', '2,,0,30,30', '2,0,0,', '2,0,0,-1,30', '2,x,0,30,30'])(
    'are not told by the row %j',
    (row) => {
      expect(() => openedOf(`${HEAD}1,0,0,30,30\n${row}`)).toThrow(
        new RangeError(`slowhttptest wrote a row without figures: ${JSON.stringify(row)}`),
      )
    },
  )
})

describe('slowhttptest', () => {
  afterEach(() => void vi.unstubAllEnvs())
  test('that is not installed is one failure, and not one more that nobody handles', async () => {
    vi.stubEnv('PATH', '/nowhere')
    const server = { url: 'http://127.0.0.1:9', pid: process.pid }
    await expect(slowHttpTest('-H', server, 1, tmpdir())).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
