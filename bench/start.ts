import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { BarePool } from './lib/bare-pool.ts'
import { descendants, memoryMiB } from './lib/proc.ts'
import { numberOption, printPlace, printTable } from './lib/report.ts'
import { Installation, ServerProcess, TRANSPORTS, type Transport, titleOf } from './lib/server.ts'
import { spread, spreadText } from './lib/statistics.ts'
import { tinyWorkload } from './lib/workloads.ts'

/**
 * From the start of the server's process to ready, from `connect()` to the first answer, and memory at rest.
 *
 *   node --conditions=source bench/start.ts [--rounds 9]
 */

const ROUNDS = numberOption('rounds', 9)
const SETTLE_MS = 2000
const run = promisify(execFile)

printPlace('Start, connect, memory')
const installation = await Installation.create()
try {
  await measureStart()
  await measureConnect()
} finally {
  await installation.remove()
}

/** Server starts and bare starts of Node take turns. */
async function measureStart(): Promise<void> {
  const ready: number[] = []
  const node: number[] = []
  await (await ServerProcess.start(installation)).stop()
  for (let round = 0; round < ROUNDS; round++) {
    const server = await ServerProcess.start(installation)
    ready.push(server.readyMs)
    await server.stop()
    const start = performance.now()
    await run(process.execPath, ['-e', '0'])
    node.push(performance.now() - start)
  }
  printTable(
    ['from the start of the process', 'ms'],
    [
      ['`blindai serve` listens, evidence made', spreadText(spread(ready), 0)],
      ['`node -e 0` starts and ends', spreadText(spread(node), 0)],
    ],
  )
}

async function measureConnect(): Promise<void> {
  const server = await ServerProcess.start(installation)
  const workload = await tinyWorkload(installation.folder)
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
  const idle = memoryMiB(server.listening.pid)

  const first = await server.connect('tls')
  await first.models.upload(workload.file, { name: workload.name })
  await first.infer(workload.name, workload.inputs)
  const rows: string[][] = []
  for (const transport of TRANSPORTS) {
    const fresh: Times[] = []
    const warm: Times[] = []
    for (let round = 0; round < ROUNDS; round++) {
      fresh.push(await connectFresh(server, transport, workload.name))
      warm.push(await connectWarm(server, transport))
    }
    const title = titleOf(transport)
    for (const [program, times] of [
      ['just started', fresh],
      ['running', warm.slice(1)],
    ] as const) {
      const text = (pick: (each: Times) => number): string => spreadText(spread(times.map(pick)), 0)
      rows.push([title, program, text((each) => each.connectedMs), text((each) => each.answeredMs)])
    }
  }
  printTable(['way', 'program', '`connect()` to session, ms', '`connect()` to first answer, ms'], rows)

  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
  const pool = await BarePool.start(1, workload)
  const memory = (title: string, { resident, proportional }: { resident: number; proportional: number }): string[] => [
    title,
    resident.toFixed(0),
    proportional.toFixed(0),
  ]
  const engines = descendants(server.listening.pid)
    .map(memoryMiB)
    .filter(({ resident }) => resident > 20)
  printTable(
    ['memory at rest', 'resident MiB', 'proportional MiB'],
    [
      memory('gatekeeper, nothing loaded', idle),
      memory('gatekeeper after those connections', memoryMiB(server.listening.pid)),
      ...engines.map((each, index) => memory(`engine ${index + 1} with one addition`, each)),
      ...pool.pids.map((pid) => memory('bare onnxruntime-node with one addition', memoryMiB(pid))),
    ],
  )
  await pool.stop()
  await first.close()
  await server.stop()
}

interface Times {
  readonly connectedMs: number
  readonly answeredMs: number
}

async function connectWarm(server: ServerProcess, transport: Transport): Promise<Times> {
  const { inputs, name } = await tinyWorkload(installation.folder)
  const start = performance.now()
  const session = await server.connect(transport)
  const connectedMs = performance.now() - start
  await session.infer(name, inputs)
  const answeredMs = performance.now() - start
  await session.close()
  return { connectedMs, answeredMs }
}

async function connectFresh(server: ServerProcess, transport: Transport, model: string): Promise<Times> {
  const script = fileURLToPath(new URL('./connect-child.ts', import.meta.url))
  const { url, plainUrl } = server.listening
  const policy = await readFile(join(installation.folder, 'policy.json'), 'utf8')
  const question = { url: transport === 'tls' ? url : plainUrl, transport, apiKey: installation.apiKey, policy, model }
  const { stdout } = await run(process.execPath, ['--conditions=source', script, JSON.stringify(question)])
  return JSON.parse(stdout)
}
