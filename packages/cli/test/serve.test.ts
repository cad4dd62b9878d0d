import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { blindai, type Captured } from './capture.ts'

const KEY_SHA256 = createHash('sha256').update('blindai_a-key-of-this-test').digest('hex')
const CONFIG = {
  listen: { host: '127.0.0.1', port: 0 },
  tenants: [{ name: 'clinic', role: 'owner', keySha256: KEY_SHA256 }],
  isolation: 'none',
}

describe('serve', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'blindai-serve-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  /** Serves with a configuration until it listens, then interrupts it as Ctrl-C does. */
  const serveOnce = async (config: object): Promise<Captured> => {
    await writeFile(join(folder, 'blindai.json'), JSON.stringify(config))
    const interruption = new AbortController()
    return await blindai(['serve', '--simulated', '--config', 'blindai.json', '--state', 'state', '--json'], {
      folder,
      interrupted: interruption.signal,
      onStdout: () => interruption.abort(),
    })
  }

  test('with a configuration says where it listens, makes no credential, and ends with 0 at Ctrl-C', async () => {
    const { code, stdout } = await serveOnce({ ...CONFIG, metricsListen: { port: 0 } })
    expect(code).toBe(0)
    const listening = JSON.parse(stdout)
    expect(listening).toMatchObject({ event: 'listening', simulated: true, protects: 'nothing' })
    expect(listening.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
    expect(listening.metricsUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(listening).not.toHaveProperty('keyFile')
    expect(await readdir(join(folder, 'state'))).toEqual(['simulator'])
  })

  test('refuses a configuration with an unknown member', async () => {
    const { code, stdout } = await serveOnce({ ...CONFIG, isolaton: 'full' })
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'CONFIG_INVALID', details: { problem: expect.stringContaining('isolaton') } },
    })
  })

  test('takes options of a configuration only without one', async () => {
    await writeFile(join(folder, 'blindai.json'), JSON.stringify(CONFIG))
    const argv = ['serve', '--simulated', '--config', 'blindai.json', '--port', '1', '--state', 'state']
    expect(await blindai(argv, { folder })).toMatchObject({ code: 2 })
    expect(await blindai([...argv.slice(0, 4), '--legacy'], { folder })).toMatchObject({ code: 2 })
  })

  test('says where clients of BlindAI 0.6 are served, where they are', async () => {
    const { stdout } = await serveOnce({ ...CONFIG, legacy: { ports: { attestation: 0, run: 0, management: 0 } } })
    expect(JSON.parse(stdout).legacy).toEqual({
      attestation: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      run: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/),
      management: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/),
    })
  })

  test.each(['65536', '-1', 'x'])('refuses the port %s', async (port) => {
    const argv = ['serve', '--simulated', `--port=${port}`, '--state', 'state']
    expect(await blindai(argv, { folder })).toMatchObject({ code: 2 })
  })

  test('ends with an error when its port is taken, and leaves no key behind', async () => {
    const interruption = new AbortController()
    const argv = ['serve', '--simulated', '--isolation', 'none', '--plain-port', '0', '--state', 'state', '--json']
    let second: Promise<Captured> | undefined
    await blindai([...argv, '--port', '0'], {
      folder,
      interrupted: interruption.signal,
      onStdout(text) {
        const { port } = new URL(JSON.parse(text).url)
        second = blindai([...argv, '--port', port], { folder }).finally(() => interruption.abort())
      },
    })
    const { code, stdout } = (await second) ?? {}
    expect(code).toBe(1)
    expect(JSON.parse(stdout ?? '')).toMatchObject({ error: { code: 'ADDRESS_UNAVAILABLE' } })
    expect(await readdir(join(folder, 'state'))).toEqual(['simulator'])
  })
})
