import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { blindai } from './capture.ts'

const KEY = `blindai_${'k'.repeat(43)}`
const HASH = 'ab'.repeat(32)
/** Nobody listens there: what is refused before is not for the server to refuse. */
const NOWHERE = ['--url', 'https://127.0.0.1:1']

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blindai-tenants-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('tenants create', () => {
  test.each([
    ['without a role', ['clinic']],
    ['with a role that does not exist', ['clinic', '--role', 'emperor']],
    ['with half a model', ['clinic', '--role', 'owner', '--models', '0.5']],
    ['with fewer than no bytes', ['clinic', '--role', 'owner', '--bytes=-1']],
    ['with an end of a key that is not given', ['clinic', '--role', 'owner', '--expires', '90d']],
    ['with a beginning of a key that is not given', ['clinic', '--role', 'owner', '--not-before', '1d']],
    ['with an end that is no time', ['clinic', '--role', 'owner', '--key-hash', HASH, '--expires', 'soon']],
    [
      'with an end on a day that does not exist',
      ['clinic', '--role', 'owner', '--key-hash', HASH, '--expires', '2027-02-30T00:00:00Z'],
    ],
  ])('is a usage error %s', async (_name, argv) => {
    const { code, stderr } = await blindai(['tenants', 'create', ...argv, ...NOWHERE], { folder })
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('USAGE') })
  })
})

describe('run --evidence', () => {
  test.each(['a file', 'a link to nothing'])('does not connect where the name is that of %s', async (what) => {
    const evidence = join(folder, 'evidence.json')
    if (what === 'a file') await writeFile(evidence, '{}')
    else await symlink(join(folder, 'nothing'), evidence)
    const { code, stderr } = await blindai(['run', 'm', 'text', '--evidence', 'evidence.json', ...NOWHERE], { folder })
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('FILE_EXISTS') })
  })
})

describe('a key', () => {
  test.each([
    ['keys add', ['keys', 'add', KEY]],
    ['keys revoke', ['keys', 'revoke', KEY]],
    ['tenants create', ['tenants', 'create', 'clinic', '--role', 'owner', '--key-hash', KEY]],
  ])('on the command line of %s is refused by name, and not repeated', async (_name, argv) => {
    const { code, stdout, stderr } = await blindai([...argv, ...NOWHERE], { folder })
    expect(code).toBe(2)
    expect(stderr).toContain('KEY_ON_COMMAND_LINE')
    expect(stdout + stderr).not.toContain(KEY)
  })

  test('file that holds no key is refused, and what it holds is not shown', async () => {
    await writeFile(join(folder, 'diary'), 'dear diary')
    const { code, stdout, stderr } = await blindai(['keys', 'add', 'diary', ...NOWHERE], { folder })
    expect(code).toBe(1)
    expect(stderr).toContain('KEY_INVALID')
    expect(stdout + stderr).not.toContain('dear')
  })
})

describe('serve without simulated evidence', () => {
  test.each([
    ['without a configuration', []],
    ['with one', ['--config', 'blindai.json']],
  ])('%s makes, writes and prints no credential', async (_name, argv) => {
    await writeFile(join(folder, 'blindai.json'), '{"listen":{"host":"127.0.0.1","port":0},"tenants":[]}')
    const { code, stdout, stderr } = await blindai(['serve', '--state', 'state', ...argv], { folder })
    expect(code).toBe(1)
    expect(stdout + stderr).not.toMatch(/blindai_|sha256|API key/i)
    expect(await readdir(folder)).toEqual(['blindai.json'])
  })
})
