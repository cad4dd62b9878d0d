import { createHash, randomInt, randomUUID } from 'node:crypto'
import { connect, type Session } from '@blindai/client'
import { hashApiKey } from '@blindai/server'
import { ELEMENT, message, model, node, value } from '../../tests/support/onnx-writer.ts'
import { startServe } from './attested-server.ts'
import { type Captures, noCaptures, Relay, readAnswer, readFolder, readMetrics, readProcesses } from './captures.ts'
import { type Marker, numberMarker, textMarker } from './markers.ts'

/**
 * The whole life of a server with data that can be recognised: uploads, runs and refusals over attested TLS and Oblivious
 * HTTP, a kill in the middle of both, a restart on the same store, a deletion and a drain.
 */

/** Elements of a vector; the numbers of a marker come again and again in it. */
const LENGTH = 6 * 64

/** What goes in and out, each recognisable. */
export class MarkedData {
  readonly input = numberMarker('input')
  readonly weights = numberMarker('weights')
  readonly output: Marker & { readonly numbers: Float32Array<ArrayBuffer> }
  readonly modelName = textMarker('name of a model')
  readonly insideName = textMarker('name inside a model')
  readonly inputName = textMarker('name of an input that is not there')
  readonly apiKey = textMarker('API key')
  readonly index: Marker & { readonly text: string } = { name: 'index', text: String(randomInt(1e14, 2e14)) }

  constructor() {
    const { numbers } = this.weights
    this.output = { name: 'output', numbers: this.input.numbers.map((one, i) => one * (numbers[i] ?? 0)) }
  }

  get all(): readonly Marker[] {
    const { input, weights, output, modelName, insideName, inputName, apiKey, index } = this
    return [input, weights, output, modelName, insideName, inputName, apiKey, index]
  }

  /** `y = x * w`, with `w` the weights over and over. */
  model(seed: number): Uint8Array<ArrayBuffer> {
    const parts = {
      nodes: [node('Mul', ['x', this.insideName.text], ['y'])],
      inputs: [value('x', ELEMENT.float, [LENGTH])],
      outputs: [value('y', ELEMENT.float, [LENGTH])],
      initializers: [this.#initializer()],
    }
    return model(parts, `${this.insideName.text} ${seed}`)
  }

  /** Takes the weight at an index: a run fails when there is none. */
  gatheringModel(): Uint8Array<ArrayBuffer> {
    const parts = {
      nodes: [node('Gather', [this.insideName.text, 'i'], ['y'])],
      inputs: [value('i', ELEMENT.int64, [1])],
      outputs: [value('y', ELEMENT.float, [1])],
      initializers: [this.#initializer()],
    }
    return model(parts, this.insideName.text)
  }

  /** Adds what is of different length, so that it does not load. */
  brokenModel(): Uint8Array<ArrayBuffer> {
    const parts = {
      nodes: [node('Add', ['x', this.insideName.text], ['y'])],
      inputs: [value('x', ELEMENT.float, [LENGTH + 1])],
      outputs: [value('y', ELEMENT.float, [LENGTH])],
      initializers: [this.#initializer()],
    }
    return model(parts, this.insideName.text)
  }

  #initializer(): Buffer {
    // TensorProto: dims 1, data_type 2, name 8, raw_data 9.
    return message([1, LENGTH], [2, ELEMENT.float], [8, this.insideName.text], [9, bytesOf(this.weights.numbers)])
  }

  vector(): Float32Array<ArrayBuffer> {
    return new Float32Array(bytesOf(this.input.numbers).buffer)
  }

  isAnswer(data: Float32Array): boolean {
    return data.length === LENGTH && data.every((one, i) => one === this.output.numbers[i % 6])
  }
}

function bytesOf(numbers: Float32Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Float32Array.from({ length: LENGTH }, (_, i) => numbers[i % numbers.length] ?? 0).buffer)
}

/** What happened, so that nobody takes silence for secrecy. */
export interface Lived {
  readonly captures: Captures
  readonly answers: number
  readonly refusals: number
}

export async function live(folder: string, data: MarkedData): Promise<Lived> {
  const captures = noCaptures()
  const tally = { answers: 0, refusals: 0 }
  const look = async ({ pid, metricsUrl }: Running): Promise<void> => {
    captures.disk.push(...(await readFolder(folder)))
    captures.processes.push(...(await readProcesses(pid)))
    captures.metrics.push(...(await readMetrics(metricsUrl)))
  }
  const name = data.modelName.text

  const first = await start(folder, data, captures)
  const overTls = await first.open('tls')
  await overTls.models.upload(data.model(1), { name })
  await run(overTls, name, data, tally)
  await beRefused(overTls, name, data, captures, tally)
  await look(first)
  const overOhttp = await first.open('ohttp')
  await overOhttp.models.upload(data.model(2), { name: `${name}-2` })
  await run(overOhttp, `${name}-2`, data, tally)
  await beRefused(overOhttp, name, data, captures, tally)
  await overOhttp.models.delete(`${name}-2`)
  await look(first)
  const upload = overTls.models.upload(data.model(3), { name: `${name}-3` })
  const cut = Promise.allSettled([upload, run(overTls, name, data, { ...tally })])
  await first.kill()
  await cut
  captures.disk.push(...(await readFolder(folder)))

  const second = await start(folder, data, captures)
  const again = await second.open('tls')
  await run(again, name, data, tally)
  await look(second)
  await again.models.delete(name)
  await again.models.upload(data.model(4), { name })
  await run(again, name, data, tally)
  await second.drain()
  captures.disk.push(...(await readFolder(folder)))
  // One line of the log may have come in two pieces.
  captures.log = [Buffer.concat(captures.log)]
  return { captures, ...tally }
}

type Tally = { answers: number; refusals: number }

async function run(session: Session, name: string, data: MarkedData, tally: Tally): Promise<void> {
  const input = { name: 'x', datatype: 'FP32', shape: [LENGTH], data: data.vector() } as const
  const { outputs } = await session.infer(name, [input])
  const answer: unknown = outputs[0]?.data
  if (!(answer instanceof Float32Array) || !data.isAnswer(answer)) throw new Error('a marked model gave another answer')
  tally.answers += 1
}

/** Requests that are refused because of what they hold; the bodies of the answers are captured. */
async function beRefused(
  session: Session,
  name: string,
  data: MarkedData,
  captures: Captures,
  tally: Tally,
): Promise<void> {
  const numbers = [...data.input.numbers]
  const unknown = data.inputName.text
  const input = (fields: object): string =>
    JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [6], data: numbers, ...fields }] })
  const bodies = [
    input({}),
    input({ name: unknown }),
    input({ datatype: unknown }),
    input({ [unknown]: numbers }),
    input({ data: [...numbers, unknown] }),
    `{"inputs":[{"name":"${unknown}","data":${JSON.stringify(numbers)}`,
    JSON.stringify({ [unknown]: numbers }),
  ]
  const asked = bodies.map((body) => session.fetch(`/v2/models/${name}/infer`, { method: 'POST', body }))
  // ONNX Runtime repeats names of nodes, and here the index, in what it says of a failure.
  const [broken, gathers] = [data.brokenModel(), data.gatheringModel()]
  await session.models.upload(gathers, { name: `${name}-gathers` })
  const index = `{"inputs":[{"name":"i","datatype":"INT64","shape":[1],"data":[${data.index.text}]}]}`
  asked.push(session.fetch(`/v2/models/${name}-gathers/infer`, { method: 'POST', body: index }))
  const put = { method: 'PUT', headers: { 'blindai-operation-id': randomUUID() }, body: broken }
  asked.push(session.fetch(`/v1/models/${createHash('sha256').update(broken).digest('hex')}`, put))
  asked.push(session.fetch(`/v2/models/${unknown}`))
  asked.push(session.fetch(`/v1/models/${unknown}?name=${unknown}`, { method: 'PUT', body: data.model(9) }))
  asked.push(session.fetch(`/v1/tasks/${unknown}`, { method: 'POST', body: JSON.stringify({ model: unknown }) }))
  asked.push(session.fetch(`/${unknown}`))
  for (const response of await Promise.all(asked)) {
    if (response.ok) throw new Error('a request that is wrong was answered')
    captures.errors.push(...(await readAnswer(response)))
    tally.refusals += 1
  }
}

interface Running {
  readonly pid: number
  readonly metricsUrl: string
  open(transport: 'tls' | 'ohttp'): Promise<Session>
  kill(): Promise<void>
  drain(): Promise<void>
}

/** `blindai serve` with a store, seen through relays; what it prints is the log. */
async function start(folder: string, data: MarkedData, captures: Captures): Promise<Running> {
  const server = await startServe(
    folder,
    {
      tenants: [{ name: 'owner', role: 'owner', keySha256: hashApiKey(data.apiKey.text) }],
      store: { dir: 'models', keySource: 'file', keyFile: 'models.key' },
      metricsListen: { port: 0 },
      requestLog: true,
    },
    captures.log,
  )
  const relays = { tls: await Relay.open(portOf(server.url)), ohttp: await Relay.open(portOf(server.plainUrl)) }
  const sessions: Session[] = []
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    await server.end(signal)
    await Promise.allSettled(sessions.map((session) => session.close()))
    for (const relay of Object.values(relays)) {
      await relay.close()
      captures.wire.push(...relay.captures)
    }
  }
  return {
    pid: server.child.pid ?? 0,
    metricsUrl: `${server.metricsUrl}/metrics`,
    async open(transport) {
      const origin = `${transport === 'tls' ? 'https' : 'http'}://127.0.0.1:${relays[transport].port}`
      const session = await connect({ url: origin, policy: server.policy, apiKey: data.apiKey.text, transport })
      sessions.push(session)
      return session
    },
    kill: () => end('SIGKILL'),
    drain: () => end('SIGTERM'),
  }
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}
