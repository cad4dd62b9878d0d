import { once } from 'node:events'
import { Agent, type RequestOptions, request } from 'node:https'
import { type LoadOrder, type Outcome, wallMs } from './load.ts'

/** The process behind `Load`: it makes requests until it is told to stop, and then says what became of each. */

const TICK_MS = 5

const [order]: [LoadOrder] = await receive()
const outcomes: Outcome[] = []
const agent = new Agent({ keepAlive: true, rejectUnauthorized: false, maxSockets: Number.POSITIVE_INFINITY })
let isStopped = false
let isOver = false
let sent = 0
let inFlight = 0

const begun = Promise.withResolvers<void>()
const work = order.pace.kind === 'callers' ? callers(order.pace.callers) : rate(order.pace)
await begun.promise
process.send?.('asking')
await receive()
isStopped = true
await work
process.send?.(outcomes)
agent.destroy()

/** Has begun when each has had its first answer: connections are open then, and queues as full as they will be. */
async function callers(count: number): Promise<void> {
  const first = Array.from({ length: count }, () => ask(wallMs()))
  void Promise.all(first).then(() => begun.resolve())
  await Promise.all(
    first.map(async (asked) => {
      await asked
      while (!isStopped) await ask(wallMs())
    }),
  )
}

/**
 * All connections are opened before it begins. What is due and finds all of them in use is left out, so that a server that
 * answers nothing does not fill this process.
 */
async function rate(pace: { readonly perSecond: number; readonly maxInFlight: number }): Promise<void> {
  await Promise.all(Array.from({ length: pace.maxInFlight }, () => answer('/v2/health/live', { method: 'GET', agent })))
  begun.resolve()
  const pending = new Set<Promise<void>>()
  const startMs = wallMs()
  for (let due = 0; !isStopped; ) {
    for (; due * 1000 < (wallMs() - startMs) * pace.perSecond; due++) {
      if (inFlight >= pace.maxInFlight) continue
      const asked = ask(startMs + (due * 1000) / pace.perSecond).finally(() => pending.delete(asked))
      pending.add(asked)
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  }
  // Nobody waits for what is still on its way.
  isOver = true
  agent.destroy()
  await Promise.all(pending)
}

async function ask(atMs: number): Promise<void> {
  const body = order.bodies[sent++ % order.bodies.length] ?? new Uint8Array()
  const options: RequestOptions = {
    method: order.method,
    agent,
    headers: { ...order.headers, 'content-length': body.byteLength },
  }
  inFlight++
  const { status, wasSent, retryAfter } = await answer(order.path, options, body)
  inFlight--
  if (!isOver) outcomes.push({ atMs, tookMs: wallMs() - atMs, status, wasSent, retryAfter })
  if (!wasSent) await new Promise((resolve) => setTimeout(resolve, TICK_MS))
}

type Answer = Pick<Outcome, 'status' | 'wasSent' | 'retryAfter'>

function answer(path: string, options: RequestOptions, body?: Uint8Array): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>()
  let wasSent = false
  const broken = (): void => resolve({ status: 0, wasSent, retryAfter: undefined })
  const asking = request(new URL(path, order.url), options, (response) => {
    const seconds = response.headers['retry-after']
    const retryAfter = seconds === undefined ? undefined : Number(seconds)
    response.on('error', broken)
    response.on('end', () => resolve({ status: response.statusCode ?? 0, wasSent, retryAfter }))
    response.on('close', broken)
    response.resume()
  })
  asking.on('socket', (socket) => {
    wasSent = asking.reusedSocket
    if (wasSent) return
    socket.once('secureConnect', () => {
      wasSent = true
    })
  })
  asking.on('error', broken)
  asking.end(body)
  return promise
}

async function receive(): Promise<[LoadOrder]> {
  const [message] = await once(process, 'message')
  return [message]
}
