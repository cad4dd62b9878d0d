import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { MemoryLadder, type PressureLevel, stepLadder } from '../src/memory-ladder.ts'
import { processTreeBytes } from '../src/process-memory.ts'

const LEVELS: readonly PressureLevel[] = [0, 1, 2, 3]
const level = fc.constantFrom(...LEVELS)
const used = fc.double({ min: 0, max: 2, noNaN: true })

/** The level of a server that was at rest before. */
function calledFor(fraction: number): PressureLevel {
  return stepLadder(0, fraction)
}

describe('the ladder of memory', () => {
  test('has its steps where they are documented', () => {
    expect([0, 0.79, 0.8, 0.87, 0.88, 0.94, 0.95, 1, 2].map(calledFor)).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 3])
  })

  test('is never below what the reading calls for, and rises to it at once', () => {
    fc.assert(
      fc.property(level, used, (from, fraction) => {
        const next = stepLadder(from, fraction)
        expect(next).toBeGreaterThanOrEqual(calledFor(fraction))
        if (calledFor(fraction) > from) expect(next).toBe(calledFor(fraction))
      }),
    )
  })

  test('falls by one level at most for each reading, and only from what is clearly below', () => {
    fc.assert(
      fc.property(level, used, (from, fraction) => {
        const next = stepLadder(from, fraction)
        expect(next).toBeGreaterThanOrEqual(from - 1)
        if (next < from) expect(calledFor(fraction + 0.0499)).toBeLessThan(from)
      }),
    )
  })

  test('does not flap around any reading that moves by less than the hysteresis', () => {
    fc.assert(
      fc.property(used, fc.array(fc.double({ min: 0, max: 0.049, noNaN: true }), { maxLength: 50 }), (base, jitter) => {
        let at: PressureLevel = 3
        let falls = 0
        let rises = 0
        for (const extra of [...new Array<number>(4).fill(0), ...jitter]) {
          const next = stepLadder(at, base + extra)
          if (next < at) falls++
          if (next > at) rises++
          at = next
        }
        // Down to where the base leaves it, and from there up to the highest that was called for: never down again.
        expect(falls).toBeLessThanOrEqual(3)
        expect(rises).toBeLessThanOrEqual(3)
      }),
    )
  })

  test('comes back to rest from every level when memory is free', () => {
    for (const from of LEVELS) {
      let at = from
      for (let reading = 0; reading < 3; reading++) at = stepLadder(at, 0.5)
      expect(at).toBe(0)
    }
  })
})

const ladders: MemoryLadder[] = []
afterEach(() => {
  for (const ladder of ladders.splice(0)) ladder.close()
})

describe('a server that reads its memory', () => {
  test('tells of each change once, relieves while it is needed, and outlives a reading that fails', async () => {
    let reading: () => number = () => 10
    const said: string[] = []
    const ladder = new MemoryLadder({
      capBytes: 100,
      read: async () => reading(),
      onLevel: (to, bytes) => said.push(`level ${to} at ${bytes}`),
      relieve: (at) => said.push(`relieve ${at}`),
      onFailure: () => undefined,
    })
    ladders.push(ladder)
    await ladder.look()
    reading = () => 96
    await ladder.look()
    await ladder.look()
    reading = () => {
      throw new Error('unreadable')
    }
    await expect(ladder.look()).rejects.toThrow('unreadable')
    expect(ladder.level()).toBe(3)
    reading = () => 10
    for (let turn = 0; turn < 4; turn++) await ladder.look()
    expect(said).toEqual([
      ...['level 3 at 96', 'relieve 3', 'relieve 3'],
      ...['level 2 at 10', 'relieve 2', 'level 1 at 10', 'relieve 1', 'level 0 at 10'],
    ])
    expect(ladder.bytes).toBe(10)
  })

  test('counts what it holds itself', () => {
    const before = processTreeBytes()
    const held = Buffer.alloc(64 * 1024 ** 2, 1)
    expect(processTreeBytes() - before).toBeGreaterThan(held.byteLength * 0.75)
    expect(held[0]).toBe(1)
  })
})

const STATUS = 'Name:\tnode\nRssAnon:\t    100 kB\nRssFile:\t 9999 kB\nRssShmem:\t     20 kB\n'

/** Files by process, 0 for this one; a code in place of a text where reading fails. */
function filesOf(texts: Readonly<Record<string, string>>) {
  const read = (path: string): string => {
    const [, pid, name = ''] = /^\/proc\/(\d+)\/(?:task\/\d+\/)?(\w+)$/.exec(path) ?? []
    const text = texts[`${Number(pid) === process.pid ? 0 : pid} ${name}`] ?? 'ENOENT'
    if (/^E[A-Z]+$/.test(text)) throw Object.assign(new Error(text), { code: text })
    return text
  }
  return { read, own: () => 7 }
}

describe.runIf(process.platform === 'linux')('what processes hold', () => {
  test('is their own memory and that of all below them', () => {
    const texts = {
      '0 status': STATUS,
      '0 children': '11 12 ',
      '11 status': STATUS,
      '11 children': '13',
      '13 status': STATUS,
    }
    expect(processTreeBytes(filesOf(texts))).toBe(3 * 120 * 1024)
  })

  test.each(['ENOENT', 'ESRCH'])('is nothing of one that has ended: %s', (code) => {
    const texts = { '0 status': STATUS, '0 children': '11', '11 status': code, '11 children': code }
    expect(processTreeBytes(filesOf(texts))).toBe(120 * 1024)
  })

  test.each(['EMFILE', 'EACCES', 'EIO'])('is not known where it cannot be read: %s', (code) => {
    for (const file of ['0 status', '0 children', '11 status', '11 children']) {
      const texts = { '0 status': STATUS, '0 children': '11', '11 status': STATUS, '11 children': '', [file]: code }
      expect(() => processTreeBytes(filesOf(texts))).toThrow(expect.objectContaining({ code }))
    }
  })

  test.each(['ENOENT', '', 'VmRSS:\t 100 kB\n', 'RssAnon:\t 0 kB\n'])(
    'is never nothing for this one, whatever its file says: %j',
    (status) => {
      const texts = { '0 status': status, '0 children': '11', '11 status': STATUS }
      expect(processTreeBytes(filesOf(texts))).toBe(7 + 120 * 1024)
    },
  )
})
