import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'

/** A `fetch` that trusts one authority and nothing else, for addresses behind an organisation's own terminator. */
export function fetchTrusting(ca: string): typeof fetch {
  return async (input, init = {}) => {
    const body = init.body instanceof Uint8Array ? init.body : undefined
    const answered = Promise.withResolvers<IncomingMessage>()
    const outgoing = httpsRequest(new URL(String(input)), {
      ca,
      method: init.method ?? 'GET',
      headers: Object.fromEntries(new Headers(init.headers)),
      ...(init.signal ? { signal: init.signal } : {}),
    })
    outgoing.once('response', answered.resolve)
    outgoing.once('error', answered.reject)
    outgoing.end(body)
    const message = await answered.promise
    const headers = new Headers()
    for (const [name, value] of Object.entries(message.headers)) headers.set(name, String(value))
    const stream = Readable.toWeb(message)
    return new Response(new ReadableStream({ start: (controller) => pump(stream, controller) }), {
      status: message.statusCode ?? 500,
      headers,
    })
  }
}

async function pump(
  stream: ReturnType<typeof Readable.toWeb>,
  controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>,
): Promise<void> {
  for await (const chunk of stream) controller.enqueue(new Uint8Array(chunk))
  controller.close()
}
