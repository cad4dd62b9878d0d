import { X509Certificate } from 'node:crypto'
import {
  CHANNEL_EXPORTER_BYTES,
  CHANNEL_EXPORTER_LABEL,
  channelProofMessage,
  verifyChannelProof,
} from '@blindai/channel'
import { fromBase64Url } from '@blindai/core'
import { afterEach, describe, expect, test } from 'vitest'
import { settle } from '../fixtures/fake-engines.ts'
import { base64UrlOf, digestOf, KEYS } from '../fixtures/house.ts'
import { ask1, ask2, exchangeRaw, exporterOf, openHouse, sessionTo, socketTo } from '../fixtures/listening.ts'

const NONCE = new Uint8Array(32).fill(7)
const PROOF = `{"nonce":"${base64UrlOf(7)}"}`
const ALICE = { authorization: `Bearer ${KEYS.alice}` }

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const house of open.splice(0)) await house.close()
})

async function house(options: Parameters<typeof openHouse>[0] = {}) {
  const opened = await openHouse(options)
  open.push(opened)
  return opened
}

describe('the TLS listener', () => {
  test('speaks TLS 1.3 with the hybrid group first, and nothing older', async () => {
    const { tls } = await house()
    const socket = await socketTo(tls)
    expect(socket.getProtocol()).toBe('TLSv1.3')
    // Node names no group for the hybrid; it names one for every classic group.
    expect(socket.getEphemeralKeyInfo()).not.toMatchObject({ name: 'X25519' })
    socket.destroy()
    const classic = await socketTo(tls, { ecdhCurve: 'X25519' })
    expect(classic.getEphemeralKeyInfo()).toMatchObject({ name: 'X25519' })
    classic.destroy()
    await expect(socketTo(tls, { maxVersion: 'TLSv1.2' })).rejects.toThrow()
    await expect(socketTo(tls, { ecdhCurve: 'P-256' })).rejects.toThrow()
  })

  test('takes P-256 besides from clients that know nothing else, only where they may come', async () => {
    const { tls } = await house({ unattestedClients: true })
    const common = await socketTo(tls, { ecdhCurve: 'P-256' })
    expect(common.getEphemeralKeyInfo()).toMatchObject({ name: 'prime256v1' })
    common.destroy()
    const able = await socketTo(tls, { ecdhCurve: 'P-256:X25519:X25519MLKEM768' })
    expect(able.getProtocol()).toBe('TLSv1.3')
    able.destroy()
    await expect(socketTo((await house()).tls, { ecdhCurve: 'P-256' })).rejects.toThrow()
  })

  test('shows a P-256 certificate of the attested key', async () => {
    const { identity, tls } = await house()
    const socket = await socketTo(tls)
    const certificate = socket.getPeerX509Certificate()
    socket.destroy()
    expect(certificate?.publicKey.export({ type: 'spki', format: 'der' })).toEqual(Buffer.from(identity.spki))
    expect(certificate?.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' })
    const own = new X509Certificate(identity.certificate)
    expect(own.verify(own.publicKey)).toBe(true)
    expect(own.ca).toBe(false)
  })

  test('resumes no session', async () => {
    const { tls } = await house()
    const first = await socketTo(tls)
    let session: Buffer | undefined
    first.on('session', (given: Buffer) => {
      session = given
    })
    await ask1(first, 'GET', '/v2/health/live')
    session ??= first.getSession()
    first.destroy()
    const again = await socketTo(tls, session === undefined ? {} : { session })
    expect(again.isSessionReused()).toBe(false)
    again.destroy()
  })

  test('proves a connection by its own exporter over http/1.1, and no other connection with it', async () => {
    const { attester, signer, tls } = await house()
    const socket = await socketTo(tls)
    expect(await ask1(socket, 'GET', '/v2', ALICE)).toMatchObject({ status: 403 })
    const { text } = await ask1(socket, 'POST', '/.well-known/blindai/channel', {}, PROOF)
    const exporter = socket.exportKeyingMaterial(CHANNEL_EXPORTER_BYTES, CHANNEL_EXPORTER_LABEL, Buffer.from(NONCE))
    const message = channelProofMessage(attester.statementSha256, NONCE, exporter)
    const signature = fromBase64Url('signature', JSON.parse(text).signature)
    expect(await verifyChannelProof(signer.publicJwk, message, signature)).toBe(true)
    expect(await ask1(socket, 'GET', '/v2', ALICE)).toMatchObject({ status: 200 })
    socket.destroy()
    const second = await socketTo(tls)
    expect(await ask1(second, 'GET', '/v2', ALICE)).toMatchObject({
      status: 403,
      headers: { 'x-blindai-error': 'CHANNEL_NOT_PROVED' },
    })
    second.destroy()
  })

  test('proves a connection over h2 for all its streams', async () => {
    const { attester, signer, tls } = await house()
    const session = await sessionTo(tls)
    expect(await ask2(session, 'GET', '/v2', ALICE)).toMatchObject({ status: 403 })
    const { text } = await ask2(session, 'POST', '/.well-known/blindai/channel', {}, PROOF)
    const exporter = exporterOf(session, NONCE)
    const message = channelProofMessage(attester.statementSha256, NONCE, exporter)
    expect(await verifyChannelProof(signer.publicJwk, message, fromBase64Url('s', JSON.parse(text).signature))).toBe(
      true,
    )
    const answers = await Promise.all([1, 2, 3].map(() => ask2(session, 'GET', '/v2', ALICE)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    session.destroy()
  })

  test('carries a large model either way', async () => {
    const { models, tls } = await house({ unattestedClients: true })
    const model = new Uint8Array(5_000_000).map((_, i) => i * 31)
    const path = `/v1/models/${digestOf(model)}`
    const socket = await socketTo(tls)
    expect(await ask1(socket, 'PUT', path, ALICE, model)).toMatchObject({ status: 201 })
    expect(await ask1(socket, 'PUT', path, ALICE, model)).toMatchObject({ status: 200 })
    expect(await ask1(socket, 'DELETE', path, ALICE)).toMatchObject({ status: 204, text: '' })
    socket.destroy()
    const session = await sessionTo(tls)
    expect(await ask2(session, 'PUT', path, ALICE, model)).toMatchObject({ status: 201 })
    expect(models.quota.of('alice')).toBe(model.byteLength)
    session.destroy()
  })
})

describe('a client that misbehaves', () => {
  const HEAD = `POST /.well-known/blindai/channel HTTP/1.1\r\nhost: a\r\n`

  test('announcing 1 GB where 1 KB is taken is refused before it is sent', async () => {
    const { tls } = await house()
    const socket = await socketTo(tls)
    const answer = await ask1Partial(socket, `${HEAD}content-length: 1073741824\r\n\r\n{`)
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer).toContain('x-blindai-error: BODY_TOO_LARGE')
    socket.destroy()
  })

  test('sending more in chunks than is taken is refused, and closed', async () => {
    const { tls } = await house()
    const chunk = `1000\r\n${'x'.repeat(4096)}\r\n`
    const answer = await exchangeRaw(await socketTo(tls), `${HEAD}transfer-encoding: chunked\r\n\r\n${chunk.repeat(3)}`)
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
  })

  test.each([
    ['not for the one that they become, is refused', 1999, '413'],
    ['for the one that they become, is read', 2000, '400'],
  ])('sending chunks for which there is memory, and %s', async (_, maxBodyMemoryBytesPerTenant, status) => {
    const { tls } = await house({ limits: { maxBodyMemoryBytesPerTenant } })
    const chunks = `1f4\r\n${'x'.repeat(500)}\r\n`.repeat(2)
    const head = `${HEAD}connection: close\r\ntransfer-encoding: chunked\r\n\r\n`
    const answer = await exchangeRaw(await socketTo(tls), `${head}${chunks}0\r\n\r\n`)
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  })

  test('sending more than is taken over h2 is refused, and the connection lives on', async () => {
    const { tls } = await house()
    const session = await sessionTo(tls)
    const answer = await ask2(session, 'POST', '/.well-known/blindai/channel', {}, new Uint8Array(100_000))
    expect(answer).toMatchObject({ status: 413 })
    expect(await ask2(session, 'GET', '/v2/health/live')).toMatchObject({ status: 200 })
    session.destroy()
  })

  test('sending a byte now and then is closed, while others are served', async () => {
    const { tls } = await house({ limits: { bodyGraceMs: 100, headersTimeoutMs: 200 } })
    for (const start of [`${HEAD}content-length: 100\r\n\r\n`, HEAD]) {
      const socket = await socketTo(tls)
      const drip = setInterval(() => socket.write('a'), 20)
      const answer = await exchangeRaw(socket, start)
      clearInterval(drip)
      expect(answer).toMatch(/^HTTP\/1\.1 408 /)
      expect(answer).toMatch(/x-blindai-error: (BODY|HEADERS)_TOO_SLOW/)
      const other = await socketTo(tls)
      expect(await ask1(other, 'GET', '/v2/health/live')).toMatchObject({ status: 200 })
      other.destroy()
    }
  })

  test('connecting and saying nothing is closed', async () => {
    const { tls } = await house({ limits: { headersTimeoutMs: 200 } })
    await exchangeRaw(await socketTo(tls), '')
    const session = await sessionTo(tls)
    await new Promise((resolve) => session.once('close', resolve))
  })

  test.each([
    ['no HTTP', 'hello\r\n\r\n', 400, 'REQUEST_MALFORMED'],
    [
      'headers past their bound',
      `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
      431,
      'HEADERS_TOO_LARGE',
    ],
    [
      'too many headers',
      `GET /v2/health/live HTTP/1.1\r\nhost: a\r\n${'x: y\r\n'.repeat(100)}connection: close\r\n\r\n`,
      431,
      'HEADERS_TOO_LARGE',
    ],
    ['two lengths', `${HEAD}content-length: 1\r\ncontent-length: 2\r\n\r\n{`, 400, 'REQUEST_MALFORMED'],
    [
      'a length and chunks',
      `${HEAD}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
      'REQUEST_MALFORMED',
    ],
    [
      'an expectation that nobody has',
      `${HEAD}expect: miracle\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
      417,
      'EXPECTATION_UNSUPPORTED',
    ],
  ])('sending %s is refused by name', async (_name, text, status, code) => {
    const { tls } = await house()
    const answer = await exchangeRaw(await socketTo(tls), text)
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer).toContain(`x-blindai-error: ${code}`)
  })

  test.each(['http/1.1', 'h2'])('breaking off an upload over %s leaves nothing behind', async (protocol) => {
    const { models, tls } = await house({ unattestedClients: true })
    const sha256 = 'ab'.repeat(32)
    const arrived = (): boolean => (models.findUpload('alice', sha256)?.offset ?? 0) > 0
    if (protocol === 'h2') {
      const session = await sessionTo(tls)
      session.on('error', () => undefined)
      const stream = session.request({ ':method': 'PUT', ':path': `/v1/models/${sha256}`, ...ALICE })
      stream.on('error', () => undefined)
      stream.write(new Uint8Array(100_000))
      await expect.poll(arrived).toBe(true)
      session.destroy()
    } else {
      const socket = await socketTo(tls)
      socket.write(
        `PUT /v1/models/${sha256} HTTP/1.1\r\nhost: a\r\nauthorization: ${ALICE.authorization}\r\ntransfer-encoding: chunked\r\n\r\n`,
      )
      socket.write(`1000\r\n${'x'.repeat(4096)}\r\n`)
      await expect.poll(arrived).toBe(true)
      socket.destroy()
    }
    await expect.poll(() => models.findUpload('alice', sha256)).toBeUndefined()
    expect(models.quota.of('alice')).toBe(0)
  })

  test('going away while its request runs has the engine killed, and others are served', async () => {
    const { engines, tls, upload } = await house({ unattestedClients: true, limits: { cancelGraceMs: 1 } })
    const model = await upload('alice', new Uint8Array([1]))
    engines.onRun = () => undefined
    const body = '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}'
    const socket = await socketTo(tls)
    const lost = ask1(socket, 'POST', `/v2/models/${model}/infer`, ALICE, body)
    lost.catch(() => undefined)
    const { engine } = await engines.run(0)
    socket.destroy()
    await engine.exited
    engines.onRun = (run) => run.answer()
    const other = await socketTo(tls)
    expect(await ask1(other, 'POST', `/v2/models/${model}/infer`, ALICE, body)).toMatchObject({ status: 200 })
    other.destroy()
  })
})

describe('a client that expects 100 Continue', () => {
  const head = (length: number): string =>
    `POST /.well-known/blindai/channel HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: ${length}\r\n\r\n`

  test('is told to go on when its body is wanted', async () => {
    const { tls } = await house()
    const socket = await socketTo(tls)
    expect(await ask1Partial(socket, head(PROOF.length))).toMatch(/^HTTP\/1\.1 100 Continue/)
    expect(await ask1Partial(socket, PROOF)).toMatch(/^HTTP\/1\.1 200 OK/)
    socket.destroy()
  })

  test('is refused without having sent it when it is not', async () => {
    const { tls } = await house()
    const socket = await socketTo(tls)
    const answer = await exchangeRaw(socket, head(10_000))
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer).toMatch(/connection: close/i)
  })
})

describe('a listener that closes', () => {
  test('ends requests in flight, asks connections to end, and takes no new ones', async () => {
    const { engines, state, tls, upload } = await house({ unattestedClients: true })
    const model = await upload('alice', new Uint8Array([1]))
    engines.onRun = () => undefined
    const body = '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}'
    const socket = await socketTo(tls)
    const session = await sessionTo(tls)
    const over1 = ask1(socket, 'POST', `/v2/models/${model}/infer`, ALICE, body)
    const over2 = ask2(session, 'POST', `/v2/models/${model}/infer`, ALICE, body)
    await engines.run(1)
    state.isDraining = true
    const closed = tls.close(10_000)
    await settle()
    await expect(socketTo(tls)).rejects.toThrow()
    for (const run of engines.runs) run.answer()
    expect(await over1).toMatchObject({ status: 200, headers: { connection: 'close' } })
    expect(await over2).toMatchObject({ status: 200 })
    await closed
  })

  test('cuts what does not end in time', async () => {
    const { tls } = await house()
    const socket = await socketTo(tls)
    const closed = exchangeRaw(
      socket,
      'POST /.well-known/blindai/channel HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n',
    )
    await settle()
    await tls.close(10)
    await closed
  })
})

/** What comes back first. */
function ask1Partial(socket: Awaited<ReturnType<typeof socketTo>>, text: string): Promise<string> {
  return new Promise((resolve) => {
    socket.once('data', (chunk: Buffer) => resolve(chunk.toString('latin1')))
    socket.write(text)
  })
}
