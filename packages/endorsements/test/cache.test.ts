import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { FAULTS, serveDcap } from './support/fake-service.ts'
import { authority, DAY, makeFolder, NEEDS, NOW, open, rejection } from './support/setting.ts'

/** The mock authority's endorsements hold 30 days from five minutes before they were made. */
const HOLDS = 30 * DAY - 300

describe('a copy in memory', () => {
  test('serves again without a request, and many callers at once share one', async () => {
    const { fetcher, service } = await open()
    const first = await Promise.all(Array.from({ length: 10 }, () => fetcher.fetch(NEEDS)))
    expect(service.asked).toHaveLength(4)
    expect(await fetcher.fetch(NEEDS)).toEqual(first[0])
    expect(first[0]).toEqual(authority.endorsements)
    expect(service.asked).toHaveLength(4)
  })

  test('that is a day old serves at once, and a newer one is fetched behind', async () => {
    const { fetcher, service, pace, events, happened } = await open()
    await fetcher.fetch(NEEDS)
    pace.advance(DAY + 1)
    serveDcap(service, authority.endorse(pace.now), NEEDS)
    events.length = 0
    expect(await fetcher.fetch(NEEDS)).toEqual(authority.endorsements)
    for (const name of ['TCB info', 'QE identity', 'PCK CRL', 'root CRL']) await happened('endorsement-fetched', name)
    expect(await fetcher.fetch(NEEDS)).not.toEqual(authority.endorsements)
    expect(service.asked).toHaveLength(8)
  })

  test('serves on while the service fails, until the end that it names itself', async () => {
    const { fetcher, service, pace, events } = await open()
    await fetcher.fetch(NEEDS)
    service.break('/', FAULTS.status(500))
    pace.advance(HOLDS - 1)
    events.length = 0
    expect(await fetcher.fetch(NEEDS)).toEqual(authority.endorsements)
    await expect.poll(() => events.filter(({ event }) => event === 'endorsement-failed')).toHaveLength(4)
    expect(events).toContainEqual({
      event: 'endorsement-failed',
      name: 'TCB info',
      code: 'SERVICE_FAILED',
      serves: true,
    })

    pace.advance(1)
    expect(await rejection(fetcher.fetch(NEEDS))).toMatchObject({ code: 'SERVICE_FAILED' })
  })

  test('is asked for again only after a pause, and then serves anew', async () => {
    const { fetcher, service, pace } = await open()
    service.break('/', FAULTS.status(404))
    await rejection(fetcher.fetch(NEEDS))
    const { length } = service.asked
    service.break('/', undefined)
    pace.advance(22)
    await rejection(fetcher.fetch(NEEDS))
    expect(service.asked).toHaveLength(length)
    pace.advance(1)
    expect(await fetcher.fetch(NEEDS)).toEqual(authority.endorsements)
  })

  test('never takes the place of a valid one when it is stale already', async () => {
    const { fetcher, pace, events, happened } = await open()
    await fetcher.fetch(NEEDS)
    events.length = 0
    // The service goes on handing out what is about to end.
    pace.advance(HOLDS - 1)
    await fetcher.fetch(NEEDS)
    await happened('endorsement-fetched', 'TCB info')
    pace.advance(1)
    expect(await rejection(fetcher.fetch(NEEDS))).toMatchObject({
      code: 'ENDORSEMENT_STALE',
      details: { notAfter: NOW + HOLDS, now: NOW + HOLDS },
    })
  })
})

describe('a copy on disk', () => {
  test('serves after a restart without the service', async () => {
    const cacheDir = join(await makeFolder(), 'cache')
    const { fetcher, service, reopen } = await open({ cacheDir })
    await fetcher.fetch(NEEDS)
    service.break('/', FAULTS.status(500))
    const { length } = service.asked
    expect(await (await reopen()).fetch(NEEDS)).toEqual(authority.endorsements)
    expect(service.asked).toHaveLength(length)
    expect((await stat(cacheDir)).mode & 0o777).toBe(0o700)
    const files = await readdir(cacheDir)
    expect(files).toHaveLength(4)
    for (const name of files) {
      expect(name).toMatch(/^[0-9a-f]{64}\.json$/)
      expect((await stat(join(cacheDir, name))).mode & 0o777).toBe(0o600)
    }
  })

  test('that is past its end is fetched anew', async () => {
    const cacheDir = await makeFolder()
    const { fetcher, service, pace, reopen, happened } = await open({ cacheDir })
    await fetcher.fetch(NEEDS)
    pace.advance(HOLDS)
    serveDcap(service, authority.endorse(pace.now), NEEDS)
    expect(await (await reopen()).fetch(NEEDS)).toEqual(expect.objectContaining({ type: 'dcap' }))
    expect(await happened('endorsement-copy-refused')).toMatchObject({ code: 'ENDORSEMENT_STALE' })
  })

  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['is cut', (bytes) => bytes.slice(0, bytes.length - 40)],
    ['is empty', () => new Uint8Array()],
    ['has one bit flipped in its middle', (bytes) => flipped(bytes, bytes.length >> 1)],
    ['has one bit flipped at its start', (bytes) => flipped(bytes, 12)],
    ['is no text', () => new Uint8Array(100).fill(0xff)],
    ['is JSON of another kind', () => utf8('[]')],
    ['is of another version', (bytes) => utf8(new TextDecoder().decode(bytes).replace('"version":1', '"version":2'))],
  ])('that %s is refused and fetched anew', async (_, damage) => {
    const cacheDir = await makeFolder()
    const { fetcher, service, reopen, events } = await open({ cacheDir })
    await fetcher.fetch(NEEDS)
    for (const name of await readdir(cacheDir)) {
      const file = join(cacheDir, name)
      await writeFile(file, damage(await readFile(file)))
    }
    events.length = 0
    expect(await (await reopen()).fetch(NEEDS)).toEqual(authority.endorsements)
    expect(service.asked).toHaveLength(8)
    expect(events.filter(({ event }) => event === 'endorsement-copy-refused')).toHaveLength(4)
    events.length = 0
    await (await reopen()).fetch(NEEDS)
    expect(events, 'it was written again').toEqual([])
  })

  test('of one address does not count for another', async () => {
    const cacheDir = await makeFolder()
    const { fetcher, reopen, service, events } = await open({ cacheDir })
    await fetcher.fetch(NEEDS)
    const files = await readdir(cacheDir)
    const [first = '', second = ''] = files
    await writeFile(join(cacheDir, first), await readFile(join(cacheDir, second)))
    events.length = 0
    expect(await (await reopen()).fetch(NEEDS)).toEqual(authority.endorsements)
    expect(events.filter(({ event }) => event === 'endorsement-copy-refused')).toHaveLength(1)
    expect(service.asked).toHaveLength(5)
  })

  test('of a clock that was ahead serves, and is renewed behind', async () => {
    const cacheDir = await makeFolder()
    const { fetcher, pace, reopen, events, happened } = await open({ cacheDir })
    await fetcher.fetch(NEEDS)
    pace.advance(-120)
    events.length = 0
    expect(await (await reopen()).fetch(NEEDS)).toEqual(authority.endorsements)
    await happened('endorsement-fetched', 'TCB info')
  })

  test('cannot be written where the folder is none, and all serves from memory', async () => {
    const cacheDir = join(await makeFolder(), 'file')
    await writeFile(cacheDir, '')
    const { fetcher, events } = await open({ cacheDir })
    expect(await fetcher.fetch(NEEDS)).toEqual(authority.endorsements)
    expect(await fetcher.fetch(NEEDS)).toEqual(authority.endorsements)
    expect(events.filter(({ event }) => event === 'endorsement-copy-not-kept')).toHaveLength(4)
    expect(events).toContainEqual(expect.objectContaining({ event: 'endorsement-copy-not-kept', code: 'EEXIST' }))
  })

  test('is whole or not there: what cannot be renamed leaves nothing behind', async () => {
    const cacheDir = await makeFolder()
    const { fetcher, reopen, events } = await open({ cacheDir })
    await fetcher.fetch(NEEDS)
    const names = await readdir(cacheDir)
    // A folder stands where each copy would go.
    for (const name of names) {
      await rm(join(cacheDir, name))
      await mkdir(join(cacheDir, name))
    }
    events.length = 0
    expect(await (await reopen()).fetch(NEEDS)).toEqual(authority.endorsements)
    expect(events.filter(({ event }) => event === 'endorsement-copy-not-kept')).toHaveLength(4)
    expect((await readdir(cacheDir)).sort()).toEqual(names.sort())
  })

  test('makes room: old copies, and what killed writers left, are removed', async () => {
    const cacheDir = await makeFolder()
    const old = new Date('2026-01-01T00:00:00Z')
    const leftOver = join(cacheDir, `${'0'.repeat(64)}.json.1-abc.new`)
    await writeFile(leftOver, 'half')
    await utimes(leftOver, old, old)
    for (let i = 0; i < 100; i++) {
      const file = join(cacheDir, `${i.toString(16).padStart(64, '0')}.json`)
      await writeFile(file, '{}')
      await utimes(file, old, new Date(old.getTime() + i * 1000))
    }
    await mkdir(join(cacheDir, 'of somebody else'))
    const { fetcher } = await open({ cacheDir })
    await fetcher.fetch(NEEDS)
    const names = await readdir(cacheDir)
    expect(names.filter((name) => name.endsWith('.json')).length).toBeLessThanOrEqual(64)
    expect(names).toContain('of somebody else')
    expect(names.filter((name) => name.endsWith('.new'))).toEqual([])
  })
})

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
}
