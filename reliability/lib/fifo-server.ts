import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parseServerConfig, startServer } from '@blindai/server'
import { openSimulator } from '@blindai/simulator'
import { FifoQueue } from './fifo-queue.ts'

/** The same server with a queue that knows no tenants, to see that its unfairness would be found. */

const { values } = parseArgs({ options: { state: { type: 'string' }, config: { type: 'string' } } })
const simulator = await openSimulator(join(values.state ?? '', 'simulator'))
const server = await startServer(parseServerConfig(await readFile(values.config ?? '', 'utf8')), {
  evidence: simulator.source,
  software: { name: 'blindai', version: '0.1.0', digest: simulator.softwareDigest },
  queue: new FifoQueue(),
})
console.log(JSON.stringify({ event: 'listening', url: server.url, pid: process.pid }))
process.stdin.on('close', () => void server.close().then(() => process.exit(0)))
process.stdin.resume()
