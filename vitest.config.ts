import { existsSync } from 'node:fs'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig, type TestProjectConfiguration } from 'vitest/config'

/** Packages whose suite runs in Node and in a browser. */
const PORTABLE = ['core', 'protocol', 'verifier', 'receipts', 'channel', 'client']

const CHROMIUM = process.env.BLINDAI_CHROMIUM ?? '/usr/bin/chromium'
const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const source = {
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
}

const node: TestProjectConfiguration = {
  ...source,
  test: {
    name: 'node',
    include: [
      'packages/*/test/**/*.test.ts',
      'tests/**/*.test.ts',
      'scripts/test/**/*.test.ts',
      'fuzz/test/**/*.test.ts',
      'reliability/**/*.test.ts',
    ],
    exclude: ['**/*.browser.test.ts'],
    execArgv: ['--conditions=source'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
}

const browser: TestProjectConfiguration = {
  ...source,
  // Named, so that the first run does not stop to find them.
  optimizeDeps: { include: ['fast-check', '@blindai/channel > hpke'] },
  test: {
    name: 'browser',
    include: PORTABLE.map((name) => `packages/${name}/test/**/*.test.ts`),
    exclude: ['**/*.node.test.ts'],
    testTimeout: 30_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: { executablePath: CHROMIUM, args: CHROMIUM_ARGS } }),
      instances: [{ browser: 'chromium' }],
    },
  },
}

const hasBrowser = existsSync(CHROMIUM)
if (!hasBrowser) {
  if ((process.env.BLINDAI_REQUIRE ?? '').split(',').includes('browser')) {
    throw new Error(`BLINDAI_REQUIRE names browser, and there is no Chromium at ${CHROMIUM}`)
  }
  console.warn(
    `skipped: the browser suite, because there is no Chromium at ${CHROMIUM} (set BLINDAI_CHROMIUM to name another)`,
  )
}

export default defineConfig({
  test: {
    projects: hasBrowser ? [node, browser] : [node],
    // Two cores: more workers only take turns.
    maxWorkers: 2,
  },
})
