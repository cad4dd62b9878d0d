/**
 * Loads test files with everything they import from sources, as often as needed in one process: Vite transforms each module
 * once, each loading evaluates them anew. So a mutant in code that runs while a module loads is seen as well as any other.
 */
import * as nodeCrypto from 'node:crypto'
import { globSync } from 'node:fs'
import { join, relative } from 'node:path'
import { createServer, type DevEnvironment, type ViteDevServer } from 'vite'
import {
  type FetchResult,
  type ModuleEvaluator,
  ModuleRunner,
  type ModuleRunnerContext,
  ssrDynamicImportKey,
  ssrExportAllKey,
  ssrExportNameKey,
  ssrImportKey,
  ssrImportMetaKey,
  ssrModuleExportsKey,
} from 'vite/module-runner'
import { TestRegistry } from './test-registry.ts'

const KEYS = [
  ssrModuleExportsKey,
  ssrImportMetaKey,
  ssrImportKey,
  ssrDynamicImportKey,
  ssrExportAllKey,
  ssrExportNameKey,
] as const
const VITEST = /\/node_modules\/vitest\//

type CompiledModule = (...context: readonly unknown[]) => Promise<void>
const AsyncFunction: new (...parts: string[]) => CompiledModule = Object.getPrototypeOf(
  async () => undefined,
).constructor

/** A set of modules that were evaluated together, and the tests they registered. */
export interface Loading {
  readonly registry: TestRegistry
  readonly importFile: (file: string) => Promise<void>
}

export class TestLoader {
  readonly #root: string
  readonly #server: ViteDevServer
  readonly #environment: DevEnvironment
  readonly #fetched = new Map<string, Promise<FetchResult>>()
  readonly #compiled = new Map<string, CompiledModule>()
  readonly #keyPairs = new Map<string, unknown>()

  private constructor(root: string, server: ViteDevServer) {
    this.#root = root
    this.#server = server
    this.#environment = server.environments.ssr
  }

  static async open(root: string): Promise<TestLoader> {
    const server = await createServer({
      root,
      configFile: false,
      logLevel: 'error',
      appType: 'custom',
      server: { middlewareMode: true, ws: false, watch: null, hmr: false },
      optimizeDeps: { noDiscovery: true, include: [] },
      resolve: {
        conditions: ['source'],
        // By path, or the links of the workspace would lead out of the copy that holds the mutants.
        alias: [{ find: /^@blindai\/([a-z]+)$/, replacement: join(root, 'packages/$1/src/index.ts') }],
      },
    })
    return new TestLoader(root, server)
  }

  close(): Promise<void> {
    return this.#server.close()
  }

  /** Paths below the root that match, sorted. */
  files(pattern: string): readonly string[] {
    return globSync(pattern, { cwd: this.#root }).sort()
  }

  /** Files below the root that import a file by themselves, as far as anything was loaded. */
  importersOf(file: string): ReadonlySet<string> {
    const modules = [...(this.#environment.moduleGraph.getModulesByFile(file) ?? [])]
    const files = modules.flatMap(({ importers }) => [...importers].map((importer) => importer.file ?? ''))
    return new Set(files.map((importer) => relative(this.#root, importer)))
  }

  start(): Loading {
    const registry = new TestRegistry()
    const runner = new ModuleRunner(
      {
        hmr: false,
        sourcemapInterceptor: false,
        transport: {
          invoke: async (payload) => {
            if (payload.type !== 'custom') throw new TypeError(`nothing to do for ${payload.type}`)
            const { name, data } = payload.data
            return { result: name === 'fetchModule' ? await this.#fetch(data[0], data[1], data[2]) : [] }
          },
        },
      },
      this.#evaluator(registry),
    )
    const importFile = async (file: string): Promise<void> => {
      registry.enter(file)
      await runner.import(join(this.#root, file))
    }
    return { registry, importFile }
  }

  /** Nothing changes while this runs, so that what one loading fetched serves every later one. */
  #fetch(url: string, importer: string | undefined, { cached }: { cached?: boolean }): Promise<FetchResult> {
    if (cached === true) return Promise.resolve({ cache: true })
    const key = `${url}\n${importer ?? ''}`
    const known = this.#fetched.get(key)
    if (known !== undefined) return known
    const fetched = this.#environment
      .fetchModule(url, importer)
      .then((result) => ('invalidate' in result ? { ...result, invalidate: false } : result))
    this.#fetched.set(key, fetched)
    return fetched
  }

  #evaluator(registry: TestRegistry): ModuleEvaluator {
    const crypto = this.#crypto()
    return {
      runInlinedModule: async (context: ModuleRunnerContext, code, { id }) => {
        let compiled = this.#compiled.get(id)
        if (compiled === undefined) {
          compiled = new AsyncFunction(...KEYS, `"use strict";${code}`)
          this.#compiled.set(id, compiled)
        }
        await compiled(...KEYS.map((key) => context[key]))
        Object.seal(context[ssrModuleExportsKey])
      },
      runExternalModule: (url) => {
        if (VITEST.test(url)) return Promise.resolve(registry.module)
        return url === 'node:crypto' ? Promise.resolve(crypto) : import(url)
      },
    }
  }

  /** Node's cryptography, whose key pairs are made once: the nth of a kind is the same one in each loading. */
  #crypto(): typeof nodeCrypto {
    const made = new Map<string, number>()
    const generateKeyPairSync = (type: string, options: object): unknown => {
      const kind = `${type} ${JSON.stringify(options)}`
      const n = made.get(kind) ?? 0
      made.set(kind, n + 1)
      const key = `${kind} ${n}`
      const known = this.#keyPairs.get(key) ?? Reflect.apply(nodeCrypto.generateKeyPairSync, undefined, [type, options])
      this.#keyPairs.set(key, known)
      return known
    }
    return Object.assign(Object.create(null), nodeCrypto, { generateKeyPairSync })
  }
}
