import { describe, expect, test } from 'vitest'
import { openedOf } from './lib/slow-http-test.ts'

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
})
