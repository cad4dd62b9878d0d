import { afterEach, describe, expect, test } from 'vitest'
import {
  END_HEADERS,
  END_STREAM,
  ERROR_CODE,
  FRAME,
  FrameClient,
  frame,
  getOf,
  headerBlock,
  INITIAL_WINDOW_SIZE,
  setting,
  u32,
} from '../fixtures/h2-frames.ts'
import { KEYS } from '../fixtures/house.ts'
import { ask1, openHouse, socketTo } from '../fixtures/listening.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const house of open.splice(0)) await house.close()
})

async function house(limits: Parameters<typeof openHouse>[0] = {}) {
  const opened = await openHouse({ unattestedClients: true, ...limits })
  open.push(opened)
  const client = async (settings?: Uint8Array): Promise<FrameClient> =>
    new FrameClient(await socketTo(opened.tls, { ALPNProtocols: ['h2'] }), settings)
  const serves = async (): Promise<void> => {
    const socket = await socketTo(opened.tls)
    expect(await ask1(socket, 'GET', '/v2/health/live')).toMatchObject({ status: 200 })
    socket.destroy()
  }
  return { ...opened, client, serves }
}

const LIVE = headerBlock(getOf('/v2/health/live'))
const get = (stream: number, block = LIVE): Buffer => frame(FRAME.headers, END_HEADERS | END_STREAM, stream, block)

describe('a client of h2 that misbehaves', () => {
  test('resetting what it asks for, again and again, is closed', async () => {
    const { client, serves } = await house()
    const attacker = await client()
    const reset = u32(ERROR_CODE.cancel)
    await attacker.flood(5000, (turn) =>
      Buffer.concat([get(2 * turn + 1), frame(FRAME.rstStream, 0, 2 * turn + 1, reset)]),
    )
    await attacker.closed
    expect(attacker.of(FRAME.headers).length).toBeLessThan(1000)
    await serves()
  })

  test('sending a header section without end is closed', async () => {
    const { client, serves } = await house()
    const attacker = await client()
    attacker.send(frame(FRAME.headers, END_STREAM, 1, LIVE))
    const block = headerBlock([['x', 'y']])
    const sent = await attacker.flood(20_000, () => frame(FRAME.continuation, 0, 1, block))
    await attacker.closed
    expect(sent).toBeLessThan(20_000)
    await serves()
  })

  test.each([
    ['pings', () => frame(FRAME.ping, 0, 0, new Uint8Array(8))],
    ['settings', () => frame(FRAME.settings, 0, 0)],
  ])('sending %s without end is closed', async (_name, piece) => {
    const { client, serves } = await house()
    const attacker = await client()
    // A request that is open, so that the connection is not merely idle.
    attacker.send(
      frame(
        FRAME.headers,
        END_HEADERS,
        1,
        headerBlock([...getOf('/x')].map(([n, v]) => [n, v === 'GET' ? 'POST' : v])),
      ),
    )
    const sent = await attacker.flood(50_000, piece)
    await attacker.closed
    expect(sent).toBeLessThan(50_000)
    await serves()
  })

  test('sending pings at a pace that is answered is told to be calm', async () => {
    const { client, serves } = await house()
    const attacker = await client()
    let sent = 0
    const answered = (): boolean => attacker.of(FRAME.ping).length >= sent || attacker.goAway !== undefined
    while (attacker.goAway === undefined && sent < 1000) {
      for (let ping = 0; ping < 20; ping++) attacker.send(frame(FRAME.ping, 0, 0, new Uint8Array(8)))
      sent += 20
      await expect.poll(answered, { interval: 5 }).toBe(true)
    }
    expect(attacker.goAway).toBe(ERROR_CODE.enhanceYourCalm)
    await attacker.closed
    await serves()
  })

  test('asking for more at once than it may is refused, and the rest is served', async () => {
    const { client, engines, upload } = await house({ limits: { maxStreamsPerConnection: 4 } })
    const model = await upload('alice', new Uint8Array([1]))
    engines.onRun = () => undefined
    const attacker = await client()
    for (let turn = 0; turn < 8; turn++) attacker.send(...inferOf(2 * turn + 1, model))
    await expect.poll(() => attacker.of(FRAME.rstStream).length).toBe(4)
    for (const { payload, stream } of attacker.of(FRAME.rstStream)) {
      expect(payload.readUInt32BE(0)).toBe(ERROR_CODE.refusedStream)
      expect(stream).toBeGreaterThan(8)
    }
    engines.onRun = (run) => run.answer()
    for (const run of engines.runs) run.answer()
    await expect.poll(() => attacker.of(FRAME.data).length).toBeGreaterThanOrEqual(4)
    attacker.destroy()
  })

  test('taking nothing of its answer is cut, and holds no memory after', async () => {
    const { client, serves } = await house({ limits: { bodyGraceMs: 100 } })
    const attacker = await client(setting(INITIAL_WINDOW_SIZE, 0))
    attacker.send(get(1, headerBlock(getOf('/.well-known/blindai/attestation'))))
    await expect.poll(() => attacker.of(FRAME.headers).length).toBe(1)
    await expect.poll(() => attacker.of(FRAME.rstStream).length).toBe(1)
    expect(attacker.of(FRAME.data)).toHaveLength(0)
    await serves()
    attacker.destroy()
  })

  test.each([
    [
      'larger than they may be',
      [
        ['x', 'y'.repeat(15_000)],
        ['z', 'y'.repeat(15_000)],
      ],
    ],
    ['more than they may be', Array.from({ length: 100 }, (_, i) => ['x', String(i)])],
  ] as const)('sending headers %s is refused', async (_name, fields) => {
    const { client, serves } = await house()
    const attacker = await client()
    const block = headerBlock([...getOf('/v2/health/live'), ...fields.map(([n = '', v = '']) => [n, v] as const)])
    const [first, ...rest] = [block.subarray(0, 16_000), block.subarray(16_000)].filter((part) => part.byteLength > 0)
    attacker.send(
      frame(FRAME.headers, END_STREAM | (rest.length === 0 ? END_HEADERS : 0), 1, first),
      ...rest.map((part) => frame(FRAME.continuation, END_HEADERS, 1, part)),
    )
    await expect
      .poll(
        () =>
          attacker.of(FRAME.rstStream).length + attacker.of(FRAME.goAway).length + attacker.of(FRAME.headers).length,
      )
      .toBeGreaterThan(0)
    expect(
      attacker
        .of(FRAME.data)
        .map(({ payload }) => payload.toString())
        .join(''),
    ).not.toContain('"live":true')
    await serves()
    attacker.destroy()
  })
})

describe('a listener that closes', () => {
  test('sends GOAWAY over h2, ends what is in flight, and takes no stream after', async () => {
    const { client, engines, tls, upload } = await house()
    const model = await upload('alice', new Uint8Array([1]))
    engines.onRun = () => undefined
    const caller = await client()
    caller.send(...inferOf(1, model))
    await engines.run(0)
    const closed = tls.close(10_000)
    await expect.poll(() => caller.of(FRAME.goAway).length).toBe(1)
    expect(caller.of(FRAME.goAway)[0]?.payload.readUInt32BE(0)).toBe(1)
    expect(caller.goAway).toBe(0)
    caller.send(...inferOf(3, model))
    for (const run of engines.runs) run.answer()
    await closed
    await caller.closed
    expect(caller.of(FRAME.headers).map(({ stream }) => stream)).toEqual([1])
    expect(caller.of(FRAME.data).map(({ stream }) => stream)).toContain(1)
    expect(engines.runs).toHaveLength(1)
  })
})

/** An inference of alice's. */
function inferOf(stream: number, model: string): Buffer[] {
  const body = Buffer.from('{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}')
  const fields = [
    [':method', 'POST'],
    [':scheme', 'https'],
    [':authority', 'a'],
    [':path', `/v2/models/${model}/infer`],
    ['authorization', `Bearer ${KEYS.alice}`],
  ] as const
  return [frame(FRAME.headers, END_HEADERS, stream, headerBlock(fields)), frame(FRAME.data, END_STREAM, stream, body)]
}
