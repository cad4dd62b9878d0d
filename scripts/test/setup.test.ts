import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'

const SETUP = fileURLToPath(new URL('../setup.mjs', import.meta.url))
const LOCKED = `node-${process.platform}-${process.arch}`

interface Clone {
  /** Runs the set-up with an npm that does as told, and counts how often it ran. */
  setUp(npm?: { readonly code?: string; readonly node?: string }): {
    status: number | null
    stderr: string
    installs: number
  }
  setUpTwiceAtOnce(): Promise<{ codes: unknown[]; installs: number }>
  write(file: string, text: string): void
  remove(path: string): void
}

/** A fresh clone with a lock file and an npm that installs a Node of the named version, or fails with a code. */
function freshClone(): Clone {
  const root = mkdtempSync(join(tmpdir(), 'blindai-clone-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, 'scripts'))
  cpSync(SETUP, join(root, 'scripts/setup.mjs'))
  const write = (file: string, text: string): void => writeFileSync(join(root, file), text)
  write('package.json', JSON.stringify({ optionalDependencies: { [LOCKED]: process.versions.node } }))
  write('package-lock.json', '{"lockfileVersion":3}')
  write(
    'npm.js',
    `const fs = require('node:fs')
fs.appendFileSync(process.env.LOG, process.argv.slice(2, 3) + '\\n')
if (process.env.FAIL) { console.error('npm error code ' + process.env.FAIL); process.exit(1) }
fs.mkdirSync('node_modules/.bin', { recursive: true })
fs.writeFileSync('node_modules/.bin/node', '#!/bin/sh\\necho v' + process.env.NODE_INSTALLED + '\\n', { mode: 0o755 })`,
  )
  write('log', '')
  const script = [join(root, 'scripts/setup.mjs')]
  const env = (code: string, node: string): NodeJS.ProcessEnv => ({
    PATH: process.env.PATH,
    npm_execpath: join(root, 'npm.js'),
    LOG: join(root, 'log'),
    FAIL: code,
    NODE_INSTALLED: node,
  })
  const installs = (): number => readFileSync(join(root, 'log'), 'utf8').split('ci\n').length - 1
  return {
    write,
    remove: (path) => rmSync(join(root, path), { recursive: true }),
    setUp({ code = '', node = process.versions.node } = {}) {
      const { status, stderr } = spawnSync(process.execPath, script, { env: env(code, node), encoding: 'utf8' })
      return { status, stderr, installs: installs() }
    },
    async setUpTwiceAtOnce() {
      const children = [0, 1].map(() => spawn(process.execPath, script, { env: env('', process.versions.node) }))
      const codes = await Promise.all(children.map((child) => once(child, 'close').then(([code]) => code)))
      return { codes, installs: installs() }
    },
  }
}

describe('set-up', () => {
  test('installs in a fresh clone', () => {
    expect(freshClone().setUp()).toMatchObject({ status: 0, installs: 1, stderr: expect.stringContaining('done in') })
  })

  test('does and says nothing the second time', () => {
    const clone = freshClone()
    clone.setUp()
    expect(clone.setUp()).toEqual({ status: 0, installs: 1, stderr: '' })
  })

  test('installs again when the lock file changed', () => {
    const clone = freshClone()
    clone.setUp()
    clone.write('package-lock.json', '{"lockfileVersion":3,"changed":true}')
    expect(clone.setUp()).toMatchObject({ status: 0, installs: 2 })
  })

  test('installs again when node_modules is gone', () => {
    const clone = freshClone()
    clone.setUp()
    clone.remove('node_modules')
    expect(clone.setUp()).toMatchObject({ status: 0, installs: 2 })
  })

  test('installs once when it is started twice at the same time', async () => {
    expect(await freshClone().setUpTwiceAtOnce()).toEqual({ codes: [0, 0], installs: 1 })
  })

  test('takes away the lock of one that was killed', () => {
    const clone = freshClone()
    clone.write('.setup-lock.tmp', String(2 ** 22 + 1))
    expect(clone.setUp()).toMatchObject({ status: 0, installs: 1 })
  })

  test('installs again after one that failed', () => {
    const clone = freshClone()
    clone.setUp({ code: 'ECONNRESET' })
    expect(clone.setUp()).toMatchObject({ status: 0, installs: 2 })
  })

  test.each([
    ['ENOTFOUND', 'the package registry cannot be reached'],
    ['ERR_SOCKET_TIMEOUT', 'the package registry does not answer'],
    ['ENOSPC', 'the disk is full'],
    ['EACCES', 'cannot be written'],
    ['EINTEGRITY', 'not the one that the lock file names'],
    ['ESOMETHING', '`npm ci` failed'],
  ])('that ends in %s says that %s, and what to do', (code, means) => {
    const { status, stderr } = freshClone().setUp({ code })
    expect(status).toBe(1)
    expect(stderr).toContain(`${means} (${code})`)
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^[A-Z`].*\.$/)
  })

  test('refuses another Node than the locked one', () => {
    const { status, stderr } = freshClone().setUp({ node: '20.0.0' })
    expect(status).toBe(1)
    expect(stderr).toContain(`node_modules/.bin/node is v20.0.0, not v${process.versions.node}`)
  })
})
