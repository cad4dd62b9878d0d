import { openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parseServerConfig, startServer } from '@blindai/server'
import { openSimulator } from '@blindai/simulator'

/** The same server with a leak of memory and one of descriptors beside it, to see that either would be found. */

const LEAK_EVERY_MS = 50
const LEAKED_BYTES = 1536 * 1024

const { values } = parseArgs({ options: { state: { type: 'string' }, config: { type: 'string' } } })
const simulator = await openSimulator(join(values.state ?? '', 'simulator'))
const server = await startServer(parseServerConfig(await readFile(values.config ?? '', 'utf8')), {
  evidence: simulator.source,
  software: { name: 'blindai', version: '0.1.0', digest: simulator.softwareDigest },
})
const leaked: { readonly bytes: Uint8Array; readonly descriptor: number }[] = []
const startedMs = performance.now()
// As much in a time however busy the machine is: what a timer that comes late has missed is made up for.
setInterval(() => {
  while (leaked.length * LEAK_EVERY_MS < performance.now() - startedMs) {
    leaked.push({ bytes: Buffer.alloc(LEAKED_BYTES, 1), descriptor: openSync('/dev/null', 'r') })
  }
}, LEAK_EVERY_MS)
console.log(JSON.stringify({ event: 'listening', url: server.url, pid: process.pid }))
process.stdin.on('close', () => void server.close().then(() => process.exit(0)))
process.stdin.resume()
