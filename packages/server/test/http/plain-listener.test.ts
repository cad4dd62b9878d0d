import { connect } from 'node:net'
import {
  collectBody,
  encapsulateRequest,
  encapsulateStream,
  OHTTP_AUTHORITY,
  parseKeyConfigList,
} from '@blindai/channel'
import { afterEach, describe, expect, test } from 'vitest'
import { KEYS, NOW } from '../fixtures/house.ts'
import { openHouse } from '../fixtures/listening.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const house of open.splice(0)) await house.close()
})

describe('Oblivious HTTP on the plain listener', () => {
  test.each(['whole', 'chunked'])('carries an API request and its answer, %s', async (kind) => {
    const house = await openHouse()
    open.push(house)
    const configs = parseKeyConfigList(house.ohttpKeys.keyConfigList)
    const headers = [['authorization', `Bearer ${KEYS.alice}`]] as const
    const request = {
      method: 'GET',
      scheme: 'https',
      authority: OHTTP_AUTHORITY,
      path: '/v2',
      headers,
      body: new Uint8Array(),
    } as const
    const sealed = await (kind === 'whole' ? encapsulateRequest : encapsulateStream)(configs, request, { now: NOW })
    const body = Buffer.from(await collectBody(sealed.body, 1 << 20))
    const answer = await fetch(`http://127.0.0.1:${house.plain.port}/.well-known/blindai/ohttp`, {
      method: 'POST',
      headers: { 'content-type': sealed.contentType },
      body,
    })
    expect(answer.status).toBe(200)
    if (answer.body === null) throw new TypeError('no body')
    const response = await sealed.openResponse(answer.body)
    expect(response.status).toBe(200)
    expect(JSON.parse(Buffer.from(await collectBody(response.body, 1 << 20)).toString())).toMatchObject({
      name: 'blindai',
    })
  })
})

describe('a chunked exchange whose body nobody reads to its end', () => {
  test('leaves its connection to the next request', async () => {
    const house = await openHouse({ limits: { bodyGraceMs: 100 } })
    open.push(house)
    const configs = parseKeyConfigList(house.ohttpKeys.keyConfigList)
    const request = {
      method: 'GET',
      scheme: 'https',
      authority: OHTTP_AUTHORITY,
      path: '/v2',
      headers: [],
      body: new Uint8Array(900_000),
    } as const
    const sealed = await encapsulateStream(configs, request, { now: NOW })
    const body = await collectBody(sealed.body, 1 << 24)
    const socket = connect(house.plain.port, '127.0.0.1')
    let received = ''
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
    })
    socket.write(
      `POST /.well-known/blindai/ohttp HTTP/1.1\r\nhost: a\r\ncontent-type: ${sealed.contentType}\r\n` +
        `content-length: ${body.byteLength}\r\n\r\n`,
    )
    socket.write(body)
    // Longer than the grace, and than it takes to look for the slow.
    await new Promise((resolve) => setTimeout(resolve, 1200))
    await expect.poll(() => received, { timeout: 10_000 }).toContain('message/ohttp-chunked-res')
    socket.write('GET /v2/health/live HTTP/1.1\r\nhost: a\r\n\r\n')
    await expect.poll(() => received).toContain('{"live":true}')
    socket.destroy()
  })
})

async function origin(): Promise<string> {
  const house = await openHouse()
  open.push(house)
  return `http://127.0.0.1:${house.plain.port}`
}

describe('the plain listener', () => {
  test('serves the document and health to any page', async () => {
    const base = await origin()
    for (const path of ['/.well-known/blindai/attestation', '/v2/health/live', '/v2/health/ready']) {
      const answer = await fetch(base + path)
      expect(answer.status).toBe(200)
      expect(answer.headers.get('access-control-allow-origin')).toBe('*')
      expect(answer.headers.get('cache-control')).toBe('no-store')
    }
  })

  test('answers a preflight', async () => {
    const headers = { origin: 'https://a.example', 'access-control-request-method': 'POST' }
    const answer = await fetch(`${await origin()}/.well-known/blindai/ohttp`, { method: 'OPTIONS', headers })
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-methods')).toContain('POST')
    expect(answer.headers.get('access-control-allow-headers')).toContain('content-type')
  })

  test('has no API, whatever key is shown', async () => {
    const base = await origin()
    const headers = { authorization: `Bearer ${KEYS.alice}` }
    for (const path of ['/v2', '/v1/models', '/v2/models/m']) {
      const answer = await fetch(base + path, { headers })
      expect(answer.status).toBe(404)
      expect(await answer.json()).toMatchObject({ code: 'NOT_FOUND' })
    }
  })

  test('lets pages read the code of an error', async () => {
    const answer = await fetch(`${await origin()}/.well-known/blindai/ohttp`, { method: 'POST', body: 'x' })
    expect(answer.status).toBe(415)
    expect(answer.headers.get('access-control-expose-headers')).toContain('x-blindai-error')
  })
})

describe('a client of the plain listener that misbehaves', () => {
  test.each([
    ['stops within its headers', 'GET / HTTP/1.1\r\nhost: a\r\n', 408, 'HEADERS_TOO_SLOW'],
    [
      'stops within its body',
      'POST /.well-known/blindai/channel HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{',
      404,
      'NOT_FOUND',
    ],
    [
      'sends too many headers',
      `GET /v2/health/live HTTP/1.1\r\nhost: a\r\n${'x: y\r\n'.repeat(100)}connection: close\r\n\r\n`,
      431,
      'HEADERS_TOO_LARGE',
    ],
    [
      'sends headers past their bound',
      `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
      431,
      'HEADERS_TOO_LARGE',
    ],
  ])('and %s is refused by name and closed', async (_name, text, status, code) => {
    const house = await openHouse({ limits: { headersTimeoutMs: 200, bodyGraceMs: 100, connectionIdleMs: 1000 } })
    open.push(house)
    const answer = await answerTo(house.plain.port, text)
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer).toContain(`x-blindai-error: ${code}`)
  })

  test('and opens more connections than all may have is closed', async () => {
    const house = await openHouse({ limits: { maxConnections: 1 } })
    open.push(house)
    const first = connect(house.plain.port, '127.0.0.1')
    await expect.poll(() => house.plain.traffic().connections).toBe(1)
    expect(await answerTo(house.plain.port, 'GET /v2/health/live HTTP/1.1\r\nhost: a\r\n\r\n')).toBe('')
    first.destroy()
  })
})

/** What comes until the connection is closed. */
function answerTo(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1')
  })
  socket.on('error', () => undefined)
  socket.write(text)
  return new Promise((resolve) => socket.once('close', () => resolve(received)))
}
