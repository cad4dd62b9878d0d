import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { SlowWatch } from '../../src/http/slow-watch.ts'

const LIMITS = { bodyGraceMs: 1000, minBodyBytesPerSecond: 1000, requestTimeoutMs: 60_000 }

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a transfer that is watched', () => {
  function watched(credit: 'saved' | 'spent' | 'none') {
    const onSlow = vi.fn()
    return { ...new SlowWatch(LIMITS).begin(credit, onSlow), onSlow }
  }

  test('may pause no longer than the grace where its credit is spent, however much came before', () => {
    const { moved, onSlow } = watched('spent')
    moved(1_000_000)
    vi.advanceTimersByTime(1000)
    expect(onSlow).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1000)
    expect(onSlow).toHaveBeenCalledOnce()
  })

  test('has a second for each second of bytes where its credit is saved', () => {
    const { moved, onSlow } = watched('saved')
    moved(10_000)
    vi.advanceTimersByTime(11_000)
    expect(onSlow).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1000)
    expect(onSlow).toHaveBeenCalledOnce()
  })

  test('goes on for as long as it keeps the least pace', () => {
    const { moved, done, onSlow } = watched('spent')
    for (let second = 0; second < 60; second++) {
      moved(1000)
      vi.advanceTimersByTime(1000)
    }
    expect(onSlow).not.toHaveBeenCalled()
    done()
    vi.advanceTimersByTime(10_000)
    expect(onSlow).not.toHaveBeenCalled()
  })

  test('is over when its whole time is, however fast it was', () => {
    const { moved, onSlow } = watched('none')
    for (let second = 0; second < 60; second++) {
      moved(1_000_000)
      vi.advanceTimersByTime(1000)
    }
    expect(onSlow).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1000)
    expect(onSlow).toHaveBeenCalledOnce()
  })

  test('is slow when it drips', () => {
    const { moved, onSlow } = watched('spent')
    for (let second = 0; second < 4; second++) {
      moved(500)
      vi.advanceTimersByTime(1000)
    }
    expect(onSlow).toHaveBeenCalledOnce()
  })
})
