import type { Duplex } from 'node:stream'

/** What came back for a request. */
export type Outcome = Answer | { readonly kind: 'closed' } | { readonly kind: 'hung' }

export interface Answer {
  readonly kind: 'answer'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** One request after the other over a connection of HTTP/1.1, byte for byte. Source: RFC 9112 sections 4, 6 and 7.1. */
export class RawConnection {
  readonly #socket: Duplex
  #received = Buffer.alloc(0)
  #isOpen = true
  #wake: () => void = () => undefined

  constructor(socket: Duplex) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
    const onEnd = (): void => {
      this.#isOpen = false
      this.#wake()
    }
    socket.on('end', onEnd).on('close', onEnd).on('error', onEnd)
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Sends bytes and reads one answer. @param isHead - the answer has no body whatever it says. */
  async ask(bytes: Uint8Array, isHead: boolean, patienceMs: number): Promise<Outcome> {
    const deadline = performance.now() + patienceMs
    this.#socket.write(bytes)
    for (;;) {
      const answer = this.#parse(isHead)
      if (answer !== undefined) return answer
      if (!this.#isOpen) return { kind: 'closed' }
      const left = deadline - performance.now()
      if (left <= 0) return { kind: 'hung' }
      await this.#more(left)
    }
  }

  close(): void {
    this.#isOpen = false
    this.#socket.destroy()
  }

  #more(patienceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patienceMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #parse(isHead: boolean): Outcome | undefined {
    const received = this.#received
    const end = received.indexOf('\r\n\r\n')
    if (end < 0) return undefined
    const [line = '', ...fields] = received.subarray(0, end).toString('latin1').split('\r\n')
    const status = Number(line.split(' ')[1])
    if (status === 100) {
      this.#received = received.subarray(end + 4)
      return this.#parse(isHead)
    }
    const headers: Record<string, string> = {}
    for (const field of fields) {
      const colon = field.indexOf(':')
      headers[field.slice(0, colon).toLowerCase()] = field.slice(colon + 1).trim()
    }
    const length = isHead || status === 204 || status === 304 ? 0 : headers['content-length']
    const body = length === undefined ? unchunked(received, end + 4) : sliced(received, end + 4, Number(length))
    if (body === undefined) return undefined
    this.#received = received.subarray(body.next)
    if (headers.connection === 'close') this.close()
    return { kind: 'answer', status, headers, body: body.bytes }
  }
}

interface Body {
  readonly bytes: Buffer
  /** Where the next answer begins. */
  readonly next: number
}

function sliced(received: Buffer, at: number, length: number): Body | undefined {
  if (received.byteLength < at + length) return undefined
  return { bytes: received.subarray(at, at + length), next: at + length }
}

function unchunked(received: Buffer, start: number): Body | undefined {
  const chunks: Buffer[] = []
  for (let at = start; ; ) {
    const end = received.indexOf('\r\n', at)
    if (end < 0) return undefined
    const length = Number.parseInt(received.subarray(at, end).toString('latin1'), 16)
    const chunk = sliced(received, end + 2, length + 2)
    if (chunk === undefined) return undefined
    at = chunk.next
    if (length === 0) return { bytes: Buffer.concat(chunks), next: at }
    chunks.push(chunk.bytes.subarray(0, length))
  }
}
