import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { evaluationFolder } from '@blindai/client/node'
import { describe, expect, test } from 'vitest'
import { authority, NEEDS, open } from '../../packages/endorsements/test/support/setting.ts'
import { CAN_MOUNT, tinyDisk } from '../support/tiny-disk.ts'

const SERVER = 'https://enclave.example/'
const seen = (number: number) => ({ rootSha256: 'ab'.repeat(32), tee: 'tdx', number }) as const

describe.skipIf(!CAN_MOUNT)('a disk that is full', () => {
  test('costs copies of endorsements on disk, leaves nothing half there, and serves them all the same', async () => {
    const cacheDir = tinyDisk(8192)
    const { fetcher, events } = await open({ cacheDir })
    expect(await fetcher.fetch(NEEDS)).toEqual(authority.endorsements)
    expect(await fetcher.fetch(NEEDS)).toEqual(authority.endorsements)
    expect(events).toContainEqual(expect.objectContaining({ event: 'endorsement-copy-not-kept', code: 'ENOSPC' }))
    expect((await readdir(cacheDir)).filter((name) => !name.endsWith('.json'))).toEqual([])
  })

  test('costs no number that was remembered, and is told', async () => {
    const folder = tinyDisk(8192)
    await evaluationFolder(folder).remember(SERVER, seen(20))
    await expect(writeFile(join(folder, 'filler'), new Uint8Array(65_536))).rejects.toMatchObject({ code: 'ENOSPC' })
    await expect(evaluationFolder(folder).remember(SERVER, seen(21))).rejects.toMatchObject({
      code: 'EVALUATION_MEMORY_UNWRITABLE',
      details: { reason: 'ENOSPC' },
    })
    expect(await evaluationFolder(folder).recall(SERVER)).toEqual([seen(20)])
    const names = (await readdir(folder)).filter((name) => name !== 'filler')
    expect(names).toHaveLength(1)
    expect(await readFile(join(folder, names[0] ?? ''), 'utf8')).toContain('"number":20')
  })
})
