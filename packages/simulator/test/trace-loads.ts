import { existsSync, readFileSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

/**
 * A program, run by a test: imports the entries named on its command line and prints, as JSON, the path of every module
 * that Node loaded for them and of every file that ended up mapped into the process.
 *
 * An entry is a path, or `package:name` for a dependency as the package.json at that path finds it.
 */

const modules = new Set<string>()
registerHooks({
  load(url, context, next) {
    if (url.startsWith('file:')) modules.add(fileURLToPath(url))
    return next(url, context)
  },
})

for (const entry of process.argv.slice(2)) {
  const [path = '', dependency] = entry.split('#')
  const target = dependency === undefined ? path : createRequire(path).resolve(dependency)
  await import(pathToFileURL(target).href)
}

const mapped = existsSync('/proc/self/maps')
  ? readFileSync('/proc/self/maps', 'utf8')
      .split('\n')
      .map((line) => line.slice(line.indexOf('/')))
      .filter((path) => path.startsWith('/'))
  : []
process.stdout.write(JSON.stringify({ modules: [...modules], mapped: [...new Set(mapped)] }))
