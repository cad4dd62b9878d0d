import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import type { Exchange, Route } from '../../packages/client/test/listeners.node.ts'

/** What a front does with requests that it passes on to a real server, and with the answers that it passes back. */

/** An answer on its way back. */
export interface Passed {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** A front's one connection to a server, and what came back over it. */
export interface Onward {
  /** Sends the request on and gives the answer. */
  pass(exchange: Exchange): Promise<Passed>
  /** `method path → status code` of each request that was sent on. */
  readonly log: string[]
  close(): Promise<void>
}

/** Over TLS the front is a client of its own: whoever it talks to sees its connection, not the one in front. */
export function onwardTo(base: string): Onward {
  const isTls = base.startsWith('https:')
  const options = { keepAlive: true, maxSockets: 1 }
  const agent = isTls ? new HttpsAgent({ ...options, rejectUnauthorized: false }) : new HttpAgent(options)
  const log: string[] = []
  return {
    log,
    async pass({ request, path, body }) {
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
      const bytes = await body()
      const { method = '', url = '', headers } = request
      const send = isTls ? requestHttps : requestHttp
      const outgoing = send(new URL(url, base), { agent, method, headers: { ...headers, connection: 'keep-alive' } })
      outgoing.once('response', resolve).once('error', reject).end(bytes)
      const answer = await promise
      const passed = { status: answer.statusCode ?? 0, headers: headersOf(answer), body: await bodyOf(answer) }
      log.push(`${method} ${path} → ${passed.status} ${passed.headers['x-blindai-error'] ?? ''}`.trimEnd())
      return passed
    },
    close: async () => agent.destroy(),
  }
}

/** Gives an answer to whoever asked the front. */
export function giveBack({ response }: Exchange, { status, headers, body }: Passed): void {
  response.writeHead(status, headers)
  response.end(body)
}

/** Passes everything on, and back what `alter` makes of it. */
export function passing(onward: Onward, alter: (passed: Passed, exchange: Exchange) => Passed = same): Route {
  return async (exchange) => giveBack(exchange, alter(await onward.pass(exchange), exchange))
}

function same(passed: Passed): Passed {
  return passed
}

/** Without what belongs to the connection. */
function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const ofConnection = ['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date']
  const kept = Object.entries(headers).filter(([name]) => !ofConnection.includes(name))
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]))
}

async function bodyOf(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk)
  return Buffer.concat(chunks)
}
