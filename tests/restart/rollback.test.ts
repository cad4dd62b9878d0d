import { hash, randomBytes } from 'node:crypto'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ELEMENT, model, node, value } from '../support/onnx-writer.ts'
import { end, type Serving, serveIn } from '../support/serve-process.ts'

/**
 * Somebody with the disk keeps a copy of it, waits until a model and a tenant are deleted, and puts the copy back. Each server
 * is a process of `blindai serve`.
 */

/** `y = x + x`. */
const DOUBLES = model({
  nodes: [node('Add', ['x', 'x'], ['y'])],
  inputs: [value('x', ELEMENT.float, ['n'])],
  outputs: [value('y', ELEMENT.float, ['n'])],
})
const [ADMIN, CLINIC] = [newKey(), newKey()]

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blindai-rollback-'))
})
afterEach(() => rm(folder, { recursive: true }))

function newKey(): string {
  return `blindai_${randomBytes(32).toString('base64url')}`
}

async function serve(counter: object): Promise<Serving> {
  const config = {
    listen: { host: '127.0.0.1', port: 0 },
    tenants: [{ name: 'root', role: 'admin', keySha256: hash('sha256', ADMIN) }],
    isolation: 'none',
    store: { dir: 'models', keySource: 'file', keyFile: 'models.key', ...counter },
  }
  await writeFile(join(folder, 'blindai.json'), JSON.stringify(config))
  return await serveIn(folder, ['--config', 'blindai.json'])
}

/** A server with a tenant and its model, of which a copy was made before both were deleted; the copy is back in its place. */
async function rolledBack(counter: object): Promise<void> {
  const first = await serve(counter)
  const root = await first.connect(ADMIN)
  await root.tenants.put('clinic', { role: 'owner', key: { sha256: hash('sha256', CLINIC) } })
  const clinic = await first.connect(CLINIC)
  await clinic.models.upload(DOUBLES, { name: 'doubles' })
  await end(first, 'SIGTERM')
  await cp(join(folder, 'models'), join(folder, 'copy'), { recursive: true })

  const second = await serve(counter)
  await (await second.connect(ADMIN)).tenants.delete('clinic')
  await expect((await second.connect(CLINIC)).models.list()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  await end(second, 'SIGTERM')
  await rm(join(folder, 'models'), { recursive: true })
  await cp(join(folder, 'copy'), join(folder, 'models'), { recursive: true })
}

describe('an older copy of the disk', () => {
  test('opens without a counter, and brings back what was deleted: nothing can tell', async () => {
    await rolledBack({})
    const server = await serve({})
    const clinic = await server.connect(CLINIC)
    expect((await clinic.models.list()).map(({ name }) => name)).toEqual(['doubles'])
    await end(server, 'SIGTERM')
  }, 300_000)

  test('is refused with a counter outside', async () => {
    const counter = { counter: { kind: 'file', path: 'counter' } }
    await rolledBack(counter)
    await expect(serve(counter)).rejects.toThrow('STORE_ROLLED_BACK')
  }, 300_000)
})
