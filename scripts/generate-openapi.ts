// Writes docs/openapi.json, the description of the HTTP interface. With --check it writes nothing and fails on a difference.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openApiDocument } from '@blindai/server'

const FILE = join(import.meta.dirname, '../docs/openapi.json')

const wanted = `${JSON.stringify(openApiDocument(), null, 1)}\n`
if (!process.argv.includes('--check')) {
  writeFileSync(FILE, wanted)
} else if (readFileSync(FILE, 'utf8') !== wanted) {
  console.error('docs/openapi.json is not what the routes say; run `npm run docs:openapi`')
  process.exitCode = 1
}
