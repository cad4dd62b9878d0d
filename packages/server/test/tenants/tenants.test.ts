import { describe, expect, test } from 'vitest'
import { createApiKey, hashApiKey, isTenantName, TenantDirectory } from '../../src/tenants/index.ts'

describe('a tenant', () => {
  const alice = createApiKey()
  const bob = createApiKey()
  const directory = new TenantDirectory([
    { name: 'alice', role: 'owner', keySha256: alice.keySha256 },
    { name: 'bob', role: 'caller', keySha256: bob.keySha256 },
  ])

  test('is found by its key', () => {
    expect(directory.find(alice.key)).toEqual({ name: 'alice', role: 'owner' })
    expect(directory.find(bob.key)).toEqual({ name: 'bob', role: 'caller' })
  })

  test('is found by nothing else', () => {
    for (const key of ['', alice.keySha256, `${alice.key} `, alice.key.slice(0, -1), 'x'.repeat(100_000)]) {
      expect(directory.find(key)).toBeUndefined()
    }
  })

  test('has a key of 256 random bits of which only the hash is kept', () => {
    expect(alice.key).toMatch(/^blindai_[A-Za-z0-9_-]{43}$/)
    expect(alice.key).not.toBe(bob.key)
    expect(hashApiKey(alice.key)).toBe(alice.keySha256)
    expect(hashApiKey('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })

  test('has a plain name', () => {
    expect(['a', 'team-1', 'A.b_c'].every(isTenantName)).toBe(true)
    expect(['', '*', '-a', 'a b', 'a/b', 'é', 'a'.repeat(65)].some(isTenantName)).toBe(false)
  })
})
