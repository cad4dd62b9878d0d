import type { Server, ServerResponse } from 'node:http'
import type { Fault } from './answer-check.ts'
import { CANARY } from './request-grammar.ts'

/** What such a server does. */
export type Behave = (server: Server) => void

/** A fault, and how a server comes to have it. */
export interface FaultyServer {
  readonly fault: Fault
  readonly behave: Behave
}

const closes: Behave = (server) => server.on('request', (request) => request.socket.destroy())
const hangs: Behave = (server) => server.on('request', () => undefined)

/** Servers with one fault each; the same client has to find it. */
export const FAULTY: readonly FaultyServer[] = [
  { fault: 'crashed or closed', behave: closes },
  { fault: 'hung', behave: hangs },
  { fault: 'not typed', behave: answering(() => 'no') },
  { fault: 'failed inside', behave: answering(refusal(500, 'INTERNAL', 'failed')) },
  {
    fault: 'tells of the machine',
    behave: answering(refusal(400, 'NOT_JSON', 'Error at parse (/srv/app/main.ts:1:2)')),
  },
  { fault: 'repeats the request', behave: answering(refusal(404, 'NOT_FOUND', `no ${CANARY}`)) },
]

/** The same on the wire of BlindAI 0.6. */
export const LEGACY_FAULTY: readonly FaultyServer[] = [
  { fault: 'crashed or closed', behave: closes },
  { fault: 'hung', behave: hangs },
  { fault: 'not typed', behave: answering(() => 'no') },
  { fault: 'failed inside', behave: answering(() => cborText('INTERNAL: failed')) },
  {
    fault: 'tells of the machine',
    behave: answering(() => cborText('NOT_CBOR: Error at parse (/srv/app/main.ts:1:2)')),
  },
  { fault: 'repeats the request', behave: answering(() => cborText(`NOT_FOUND: no ${CANARY}`)) },
]

function answering(body: (response: ServerResponse) => string | Buffer): Behave {
  return (server) =>
    server.on('request', (_, response) => {
      response.statusCode = 400
      response.end(body(response))
    })
}

function refusal(status: number, code: string, error: string): (response: ServerResponse) => string {
  return (response) => {
    response.statusCode = status
    response.setHeader('x-blindai-error', code).setHeader('x-request-id', '1')
    return JSON.stringify({ error, code, hint: 'none' })
  }
}

/** A text of 24 to 255 octets, or of fewer. Source: RFC 8949 section 3.1. */
function cborText(text: string): Buffer {
  const head = text.length < 24 ? [0x60 + text.length] : [0x78, text.length]
  return Buffer.concat([Buffer.from(head), Buffer.from(text)])
}
