import { hash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { end, type Serving, serveIn } from '../support/serve-process.ts'

const [ADMIN, OLD, NEW] = [newKey(), newKey(), newKey()]
const DAY_SECONDS = 86_400

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blindai-tenants-'))
})
afterEach(() => rm(folder, { recursive: true }))

function newKey(): string {
  return `blindai_${randomBytes(32).toString('base64url')}`
}

async function serve(): Promise<Serving> {
  const config = {
    listen: { host: '127.0.0.1', port: 0 },
    tenants: [{ name: 'root', role: 'admin', keySha256: hash('sha256', ADMIN) }],
    isolation: 'none',
    store: { dir: 'models', keySource: 'file', keyFile: 'models.key' },
  }
  await writeFile(join(folder, 'blindai.json'), JSON.stringify(config))
  return await serveIn(folder, ['--config', 'blindai.json'])
}

describe('a server that is killed right after it acknowledged', () => {
  test('knows the key that was added, and not the one that was revoked, nor the tenant that was deleted', async () => {
    const first = await serve()
    const { tenants } = await first.connect(ADMIN)
    await tenants.put('clinic', { role: 'owner', quotas: { maxModels: 3 }, key: { sha256: hash('sha256', OLD) } })
    await tenants.put('guest', { role: 'caller' })
    await tenants.delete('guest')
    const expiresAt = Math.floor(Date.now() / 1000) + DAY_SECONDS
    await (await first.connect(OLD)).keys.add({ sha256: hash('sha256', NEW), expiresAt })
    await (await first.connect(NEW)).keys.revoke(hash('sha256', OLD).slice(0, 16))
    await end(first, 'SIGKILL')

    const second = await serve()
    const clinic = await second.connect(NEW)
    expect(await clinic.keys.list()).toMatchObject([{ id: hash('sha256', NEW).slice(0, 16), expiresAt }])
    await expect((await second.connect(OLD)).keys.list()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    const root = await second.connect(ADMIN)
    expect((await root.tenants.list()).map(({ name, quotas }) => ({ name, quotas }))).toEqual([
      { name: 'root', quotas: {} },
      { name: 'clinic', quotas: { maxModels: 3 } },
    ])
    await end(second, 'SIGTERM')
  }, 300_000)
})
