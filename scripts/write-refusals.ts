// Writes vectors/attestation/refusals.json: what each refusal of the verifier's catalogue says beside its code. Run it after
// a refusal was added or says something else, and read the difference: it is what the tests hold the verifier to.
import { join } from 'node:path'
import { TestLoader } from './mutation/test-loader.ts'
import { rewriteFile } from './rewrite-file.ts'

const ROOT = join(import.meta.dirname, '..')
const TARGET = join(ROOT, 'vectors/attestation/refusals.json')
const TESTS = 'packages/verifier/test/refusals/*.test.ts'

// With nothing written, each comparison fails and shows what there is to write.
await rewriteFile(TARGET, '{}\n', gather)

/** What every test of a refusal compares. */
async function gather(): Promise<string> {
  const loader = await TestLoader.open(ROOT)
  try {
    const groups = new Map<string, string[]>()
    for (const file of loader.files(TESTS)) {
      const loading = loader.start()
      await loading.importFile(file)
      for (const { path, run, id } of loading.registry.tests.values()) {
        const facts = await differingFacts(id, run)
        if (facts === undefined) continue
        const [group = '', title = ''] = path
        groups.set(group, [...(groups.get(group) ?? []), `  ${JSON.stringify(title)}: ${JSON.stringify(facts)}`])
      }
    }
    const sections = [...groups].sort(([a], [b]) => (a < b ? -1 : 1))
    const body = sections.map(([group, rows]) => ` ${JSON.stringify(group)}: {\n${rows.sort().join(',\n')}\n }`)
    console.log(`${sections.reduce((sum, [, rows]) => sum + rows.length, 0)} refusals in ${sections.length} groups`)
    return `{\n${body.join(',\n')}\n}\n`
  } finally {
    await loader.close()
  }
}

/** What the test compared with what is written; undefined for a test that compares no such thing. */
async function differingFacts(id: string, run: () => unknown): Promise<unknown> {
  try {
    await run()
    return undefined
  } catch (error) {
    const actual = typeof error === 'object' && error !== null && 'actual' in error ? error.actual : undefined
    if (typeof actual === 'object' && actual !== null && 'details' in actual) return actual
    throw new Error(`${id} fails`, { cause: error })
  }
}
