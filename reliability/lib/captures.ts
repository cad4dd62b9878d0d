import { readdir, readFile } from 'node:fs/promises'
import { connect as connectTcp, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

/** The places where what a server handles could be found by somebody who must not see it. */
export type Place = 'disk' | 'log' | 'errors' | 'metrics' | 'processes' | 'wire'

/** What was captured at each place. */
export type Captures = Record<Place, Buffer[]>

export function noCaptures(): Captures {
  return { disk: [], log: [], errors: [], metrics: [], processes: [], wire: [] }
}

/** What a process prints, as it comes. */
export function capturePrinted(streams: readonly Readable[], into: Buffer[]): void {
  for (const stream of streams) stream.on('data', (chunk: Buffer) => into.push(chunk))
}

/** Headers and body of an answer. */
export async function readAnswer(response: Response): Promise<Buffer[]> {
  return [Buffer.from(JSON.stringify([...response.headers])), Buffer.from(await response.arrayBuffer())]
}

/** What anybody who reaches the listener of the metrics sees. */
export async function readMetrics(url: string): Promise<Buffer[]> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`the metrics were answered with ${response.status}`)
  return readAnswer(response)
}

/** Names and contents of all files below a folder. A file that goes away meanwhile is not there. */
export async function readFolder(folder: string): Promise<Buffer[]> {
  const captures: Buffer[] = []
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name)
    captures.push(Buffer.from(path.slice(folder.length)))
    if (!entry.isFile()) continue
    const bytes = await unlessGone(readFile(path))
    if (bytes !== undefined) captures.push(bytes)
  }
  return captures
}

/** Arguments and environment of a process and of all that descend from it, as any root of the machine sees them. */
export async function readProcesses(pid: number): Promise<Buffer[]> {
  const captures: Buffer[] = []
  for (const one of await descendants(pid)) {
    for (const file of ['cmdline', 'environ']) {
      const bytes = await unlessGone(readFile(`/proc/${one}/${file}`))
      if (bytes !== undefined) captures.push(bytes)
    }
  }
  return captures
}

async function descendants(pid: number): Promise<number[]> {
  const parents = new Map<number, number>()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await unlessGone(readFile(`/proc/${name}/stat`, 'latin1'))
    // Fields after the name, which may hold anything: state, parent. Source: proc(5).
    const parent = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1]
    if (parent !== undefined) parents.set(Number(name), Number(parent))
  }
  const found = [pid]
  for (const one of found) for (const [child, parent] of parents) if (parent === one) found.push(child)
  return found
}

async function unlessGone<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause)) throw cause
    if (cause.code === 'ENOENT' || cause.code === 'ESRCH') return undefined
    throw cause
  }
}

/** A relay on loopback that writes down every byte, both ways. */
export class Relay {
  readonly port: number
  readonly #flows: Buffer[][]
  readonly #close: () => Promise<void>

  private constructor(port: number, flows: Buffer[][], close: () => Promise<void>) {
    this.port = port
    this.#flows = flows
    this.#close = close
  }

  static async open(targetPort: number): Promise<Relay> {
    const flows: Buffer[][] = []
    const sockets = new Set<Socket>()
    const server = createServer((near) => {
      const far = connectTcp(targetPort, '127.0.0.1')
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        const flow: Buffer[] = []
        flows.push(flow)
        sockets.add(from)
        from.on('data', (chunk: Buffer) => flow.push(chunk))
        // A side that breaks shows on the other as its end.
        from.on('error', () => to.destroy())
        from.on('close', () => sockets.delete(from))
        from.pipe(to)
      }
    })
    const { promise: listening, resolve } = Promise.withResolvers<void>()
    server.listen(0, '127.0.0.1', resolve)
    await listening
    const address = server.address()
    if (address === null || typeof address === 'string') throw new TypeError('the relay has no port')
    return new Relay(address.port, flows, async () => {
      for (const socket of sockets) socket.destroy()
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      await closed.promise
    })
  }

  /** What went over each connection, each way. */
  get captures(): Buffer[] {
    return this.#flows.map((flow) => Buffer.concat(flow))
  }

  async close(): Promise<void> {
    await this.#close()
  }
}
