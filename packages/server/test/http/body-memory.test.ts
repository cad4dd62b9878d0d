import { describe, expect, test } from 'vitest'
import { BodyMemory } from '../../src/http/body-memory.ts'

const LIMITS = { maxBodyMemoryBytes: 1500, maxBodyMemoryBytesPerTenant: 1000 }

describe('memory of a body', () => {
  test('that it alone could never have is refused as too much, and not as busy; what others hold is waited for', () => {
    const memory = new BodyMemory(LIMITS)
    const lease = memory.lease('alice')
    const tooLarge = { code: 'BODY_TOO_LARGE_FOR_MEMORY', details: { limit: 1000 } }
    expect(() => lease.growBody(1001)).toThrowError(expect.objectContaining(tooLarge))
    lease.growBody(600)
    expect(() => lease.growBody(401)).toThrowError(expect.objectContaining(tooLarge))
    const other = memory.lease('alice')
    expect(() => other.growBody(1000)).toThrowError(expect.objectContaining({ code: 'TENANT_BODY_MEMORY_FULL' }))
    expect(() => other.growBody(1001)).toThrowError(expect.objectContaining(tooLarge))
    const answer = { code: 'OUTPUT_TOO_LARGE_FOR_MEMORY', details: { limit: 1000 } }
    expect(() => lease.growAnswer(401)).toThrowError(expect.objectContaining(answer))
    expect(() => other.growAnswer(1000)).toThrowError(expect.objectContaining({ code: 'TENANT_BODY_MEMORY_FULL' }))
    expect(memory.bytes).toBe(600)
    lease.end()
    other.growBody(1000)
    expect(memory.bytes).toBe(1000)
  })

  test('is bounded by all memory too, where that is less', () => {
    const memory = new BodyMemory({ maxBodyMemoryBytes: 500, maxBodyMemoryBytesPerTenant: 1000 })
    const tooLarge = { code: 'BODY_TOO_LARGE_FOR_MEMORY', details: { limit: 500 } }
    expect(() => memory.lease('alice').growBody(501)).toThrowError(expect.objectContaining(tooLarge))
  })
})

describe('memory of bodies that was offered', () => {
  test('is taken back, the oldest first, when a later body of the same tenant needs it', () => {
    const memory = new BodyMemory(LIMITS)
    const [oldest, older, newest] = ['', '', ''].map((tenant) => memory.lease(tenant))
    const taken: string[] = []
    oldest?.offer(({ code }) => taken.push(`oldest ${code}`))
    older?.offer(({ code }) => taken.push(`older ${code}`))
    oldest?.growBody(500)
    older?.growBody(500)
    newest?.growBody(400)
    expect(taken).toEqual(['oldest TENANT_BODY_MEMORY_FULL'])
    expect(memory.bytes).toBe(900)
    newest?.growBody(200)
    expect(taken).toEqual(['oldest TENANT_BODY_MEMORY_FULL', 'older TENANT_BODY_MEMORY_FULL'])
    expect(memory.bytes).toBe(600)
  })

  test('is taken back for another tenant only where all memory is held', () => {
    const memory = new BodyMemory(LIMITS)
    const stranger = memory.lease('')
    const taken: string[] = []
    stranger.offer(({ code }) => taken.push(code))
    stranger.growBody(1000)
    memory.lease('alice').growBody(400)
    const alice = memory.lease('alice')
    expect(() => alice.growBody(601)).toThrowError(expect.objectContaining({ code: 'TENANT_BODY_MEMORY_FULL' }))
    expect(taken).toEqual([])
    alice.growBody(101)
    expect(taken).toEqual(['BODY_MEMORY_FULL'])
    expect(memory.bytes).toBe(501)
  })

  test('is not taken back once it is kept, nor for the one who offered it', () => {
    const memory = new BodyMemory(LIMITS)
    const lease = memory.lease('')
    lease.offer(() => expect.unreachable())
    const other = memory.lease('')
    other.growBody(100)
    lease.growBody(900)
    expect(() => lease.growBody(1)).toThrowError(expect.objectContaining({ code: 'TENANT_BODY_MEMORY_FULL' }))
    lease.keep()
    expect(() => other.growBody(1)).toThrowError(expect.objectContaining({ code: 'TENANT_BODY_MEMORY_FULL' }))
    lease.end()
    other.end()
    expect(memory.bytes).toBe(0)
  })

  test('is not taken back for what somebody could do without', () => {
    const memory = new BodyMemory(LIMITS)
    const stranger = memory.lease('')
    stranger.offer(() => expect.unreachable())
    stranger.growBody(1000)
    const alice = memory.lease('alice')
    expect(alice.tryGrow(501)).toBe(false)
    expect(memory.lease('').tryGrow(1)).toBe(false)
    expect(memory.bytes).toBe(1000)
    expect(alice.tryGrow(500)).toBe(true)
    expect(memory.bytes).toBe(1500)
    alice.end()
    expect(memory.bytes).toBe(1000)
  })
})
