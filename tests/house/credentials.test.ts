import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const PACKAGES = fileURLToPath(new URL('../../packages/', import.meta.url))

/** Where a key may be made: by whoever will use it, and for the one run of `serve --simulated` without a configuration. */
const MAKERS = ['cli/src/commands/keys-new.ts', 'cli/src/commands/serve.ts']

test('API keys are made by two commands, and nowhere in a server', async () => {
  const makers: string[] = []
  for (const path of await readdir(PACKAGES, { recursive: true })) {
    if (!/^[a-z-]+\/src\/.*\.ts$/.test(path)) continue
    if ((await readFile(join(PACKAGES, path), 'utf8')).includes('createApiKey()')) makers.push(path)
  }
  const definition = 'server/src/tenants/api-key.ts'
  expect(makers.filter((path) => path !== definition).sort()).toEqual(MAKERS)
  // In `serve` it comes after the refusal of everything that is not simulated.
  const serve = await readFile(join(PACKAGES, 'cli/src/commands/serve.ts'), 'utf8')
  expect(serve.indexOf("flag('simulated')")).toBeGreaterThan(0)
  expect(serve.indexOf('createApiKey()')).toBeGreaterThan(serve.indexOf("flag('simulated')"))
})
