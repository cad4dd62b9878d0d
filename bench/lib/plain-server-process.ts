import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { PlainTensor } from '../plain-server.ts'
import type { TensorWorkload, Workload } from './workloads.ts'

/** `plain-server.ts` in a process of its own, and a client that keeps its connections. */
export class PlainServerProcess {
  readonly #child: ChildProcess
  readonly #port: number
  readonly #agent = new Agent({ keepAlive: true })
  readonly #workload: Workload

  private constructor(child: ChildProcess, port: number, workload: Workload) {
    this.#child = child
    this.#port = port
    this.#workload = workload
  }

  static async start(workload: Workload): Promise<PlainServerProcess> {
    const script = fileURLToPath(new URL('../plain-server.ts', import.meta.url))
    const child = fork(script, { execArgv: ['--conditions=source'], serialization: 'advanced' })
    child.send(workload)
    const ended = once(child, 'exit').then(() => {
      throw new Error('the plain server ended before it listened')
    })
    const [port]: number[] = await Promise.race([once(child, 'message'), ended])
    return new PlainServerProcess(child, port ?? 0, workload)
  }

  /** Asks once. @throws {Error} unless the answer is status 200. */
  async ask(): Promise<unknown> {
    const workload = this.#workload
    const isBytes = 'task' in workload && typeof workload.input !== 'string'
    const body = bodyOf(workload)
    const headers = {
      'content-type': isBytes ? 'application/octet-stream' : 'application/json',
      'content-length': Buffer.byteLength(body),
    }
    const sent = request({
      host: '127.0.0.1',
      port: this.#port,
      path: '/run',
      method: 'POST',
      headers,
      agent: this.#agent,
    })
    sent.end(body)
    const [answer]: IncomingMessage[] = await once(sent, 'response')
    if (answer === undefined) throw new RangeError('an answer comes with the event')
    const text = (await buffer(answer)).toString()
    if (answer.statusCode !== 200) throw new Error(`the plain server answered ${answer.statusCode}: ${text}`)
    return JSON.parse(text)
  }

  async stop(): Promise<void> {
    this.#agent.destroy()
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}

/** What a client of that server sends; tensors are written as JSON for each request. */
function bodyOf(workload: Workload): string | Uint8Array {
  if (!('task' in workload)) return JSON.stringify({ inputs: workload.inputs.map(toJson) })
  return typeof workload.input === 'string' ? JSON.stringify({ inputs: workload.input }) : workload.input
}

function toJson({ name, datatype, shape, data }: TensorWorkload['inputs'][number]): PlainTensor {
  if (datatype !== 'FP32' && datatype !== 'INT64') throw new RangeError(`no workload has inputs of ${datatype}`)
  return { name, datatype, shape, data: Array.from<number | bigint, number>(data, Number) }
}
