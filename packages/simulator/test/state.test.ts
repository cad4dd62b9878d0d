import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBase64Url, toBase64Url, toHex, unixSeconds } from '@blindai/core'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { issueRoot } from '../src/authority/chain.ts'
import { generateKeyPair } from '../src/authority/keys.ts'
import { loadRoot } from '../src/state.ts'

const NOW = unixSeconds(1_800_000_000)
const FILE = 'simulated-root.json'

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'blindai-state-'))
  onTestFinished(() => rm(path, { recursive: true }))
  return path
}

async function written(content: string | Uint8Array): Promise<string> {
  const path = await folder()
  await writeFile(join(path, FILE), content, { mode: 0o600 })
  return path
}

/** A state file with some members replaced. */
async function stateWith(members: Record<string, unknown>): Promise<string> {
  const path = await folder()
  await loadRoot(path, NOW)
  const state = JSON.parse(await readFile(join(path, FILE), 'utf8'))
  await writeFile(join(path, FILE), JSON.stringify({ ...state, ...members }))
  return path
}

function privateKeyOf(key: ReturnType<typeof generateKeyPair>): string {
  return toBase64Url(new Uint8Array(key.privateKey.export({ type: 'pkcs8', format: 'der' })))
}

describe('the root of an installation', () => {
  test('is made at the first start and found at the next', async () => {
    const path = join(await folder(), 'state', 'simulator')
    const first = await loadRoot(path, NOW)
    const second = await loadRoot(path, unixSeconds(NOW + 86_400))
    expect(toHex(second.certificate)).toBe(toHex(first.certificate))
    expect(second.key.privateKey.equals(first.key.privateKey)).toBe(true)
    expect(await readdir(path)).toEqual([FILE])
  })

  test('lies in a file and folder that only their owner can read', async () => {
    const path = join(await folder(), 'simulator')
    await loadRoot(path, NOW)
    expect((await stat(path)).mode & 0o777).toBe(0o700)
    expect((await stat(join(path, FILE))).mode & 0o777).toBe(0o600)
  })

  test('says in its file that it protects nothing', async () => {
    const path = await folder()
    await loadRoot(path, NOW)
    expect(await readFile(join(path, FILE), 'utf8')).toContain('protects nothing')
  })

  test('is the same for all who start at once in one process', async () => {
    const path = await folder()
    const roots = await Promise.all(Array.from({ length: 8 }, () => loadRoot(path, NOW)))
    expect(new Set(roots.map((root) => toHex(root.certificate))).size).toBe(1)
    expect(await readdir(path)).toEqual([FILE])
  })

  test('is the same for processes that start at once', async () => {
    const path = await folder()
    const program = `
      const { loadRoot } = await import(process.argv[1])
      const root = await loadRoot(process.argv[2], ${NOW})
      process.stdout.write(Buffer.from(root.certificate).toString('hex'))`
    const module = new URL('../src/state.ts', import.meta.url).href
    const start = async (): Promise<string> => {
      const child = spawn(
        process.execPath,
        ['--conditions=source', '--input-type=module', '--eval', program, module, path],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      let printed = ''
      for await (const chunk of child.stdout) printed += String(chunk)
      return printed
    }
    const printed = new Set(await Promise.all([start(), start(), start()]))
    expect(printed.size).toBe(1)
    expect(printed).toContain(toHex((await loadRoot(path, NOW)).certificate))
    expect(await readdir(path)).toEqual([FILE])
  })
})

describe('a state file that is not what was written', () => {
  const corrupt = (reason: RegExp) => ({ code: 'STATE_CORRUPT', details: { reason: expect.stringMatching(reason) } })

  test('is refused by name, and never replaced', async () => {
    const path = await written('{"version":1')
    await expect(loadRoot(path, NOW)).rejects.toMatchObject(corrupt(/not JSON/))
    expect(await readFile(join(path, FILE), 'utf8')).toBe('{"version":1')
  })

  test.for<[string, string | Uint8Array, RegExp]>([
    ['is empty', '', /not JSON/],
    ['is not UTF-8', new Uint8Array([0xff]), /UTF-8/],
    ['is JSON of something else', '[]', /version 1/],
    ['is of another version', '{"version":2}', /version 1/],
    ['names a member twice', '{"version":1,"version":1}', /twice/],
    ['lacks the key', '{"version":1}', /privateKey is not text/],
    ['is long', 'x'.repeat(20_000), /20000 bytes/],
  ])('is refused where it %s', async ([, content, reason]) => {
    await expect(loadRoot(await written(content), NOW)).rejects.toMatchObject(corrupt(reason))
  })

  test('is refused where key or certificate is damaged or of something else', async () => {
    const key = generateKeyPair()
    const other = toBase64Url(issueRoot(key, NOW))
    const named = toBase64Url(
      issueRoot(key, NOW, {
        rootCertificate: (fields) => ({ ...fields, subject: { ...fields.subject, commonName: 'Intel SGX Root CA' } }),
      }),
    )
    const forged = toBase64Url(
      issueRoot(key, NOW, { rootCertificate: (f) => ({ ...f, signingKey: generateKeyPair() }) }),
    )
    const privateKey = privateKeyOf(key)
    const load = async (members: Record<string, unknown>) => loadRoot(await stateWith(members), NOW)
    await expect(load({ privateKey: 'AAAA' })).rejects.toMatchObject(corrupt(/private key cannot be read/))
    await expect(load({ privateKey: '=' })).rejects.toMatchObject(corrupt(/base64url/))
    await expect(load({ certificate: 'AAAA' })).rejects.toMatchObject(corrupt(/certificate cannot be read/))
    await expect(load({ certificate: other })).rejects.toMatchObject(corrupt(/another key/))
    await expect(load({ certificate: `${other.slice(0, -2)}` })).rejects.toMatchObject(corrupt(/./))
    await expect(load({ privateKey, certificate: named })).rejects.toMatchObject(
      corrupt(/does not name a simulated root/),
    )
    await expect(load({ privateKey, certificate: forged })).rejects.toMatchObject(corrupt(/not signed by its key/))
    await expect(load({ privateKey, certificate: other })).resolves.toBeDefined()
    const trailing = toBase64Url(new Uint8Array([...fromBase64Url('c', other), 0]))
    await expect(load({ privateKey, certificate: trailing })).rejects.toMatchObject(
      corrupt(/other bytes|cannot be read/),
    )
  })

  test('is refused once its certificate has expired', async () => {
    const path = await folder()
    await loadRoot(path, NOW)
    await expect(loadRoot(path, unixSeconds(NOW + 20 * 365 * 86_400 + 1))).rejects.toMatchObject(corrupt(/valid from/))
    await expect(loadRoot(path, unixSeconds(NOW - 2 * 86_400))).rejects.toMatchObject(corrupt(/valid from/))
  })

  test('gives a typed error for every truncation', async () => {
    const path = await folder()
    await loadRoot(path, NOW)
    const whole = await readFile(join(path, FILE))
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 2 }), async (length) => {
        await writeFile(join(path, FILE), whole.subarray(0, length))
        await expect(loadRoot(path, NOW)).rejects.toMatchObject({ name: 'SimulatorError', code: 'STATE_CORRUPT' })
      }),
      { numRuns: 50 },
    )
  })

  test('is refused where others can read it', async () => {
    const path = await folder()
    await loadRoot(path, NOW)
    await chmod(join(path, FILE), 0o640)
    await expect(loadRoot(path, NOW)).rejects.toMatchObject({ code: 'STATE_NOT_PRIVATE', details: { mode: '0640' } })
  })

  test('is refused where it cannot be read or made', async () => {
    const path = await folder()
    await mkdir(join(path, FILE), { mode: 0o700 })
    await expect(loadRoot(path, NOW)).rejects.toMatchObject({ code: 'STATE_UNUSABLE', details: { reason: 'EISDIR' } })
    const file = await written('{}')
    await expect(loadRoot(join(file, FILE, 'below'), NOW)).rejects.toMatchObject({
      code: 'STATE_UNUSABLE',
      details: { reason: 'ENOTDIR' },
    })
  })
})
