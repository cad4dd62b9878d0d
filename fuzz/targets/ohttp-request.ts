import { joinBytes, unixSeconds } from '@blindai/core'
import { collectBody } from '../../packages/channel/src/http-message.ts'
import { parseKeyConfigList } from '../../packages/channel/src/key-config.ts'
import { encapsulateRequest, encapsulateStream, OHTTP_AUTHORITY } from '../../packages/channel/src/ohttp-client.ts'
import { OhttpGateway } from '../../packages/channel/src/ohttp-gateway.ts'
import { generateOhttpKeys } from '../../packages/channel/src/ohttp-keys.ts'
import { BUILD_DATE_FLOOR } from '../../packages/channel/src/steady-clock.ts'
import { BINARY_HTTP } from '../engine/refusals.ts'
import { written } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

/** A gateway's clock never shows a time before its build. */
const NOW = unixSeconds(BUILD_DATE_FLOOR + 3600)
const keys = await generateOhttpKeys()
const configs = parseKeyConfigList(keys.keyConfigList)
const HEAD = { method: 'POST', scheme: 'https', authority: OHTTP_AUTHORITY, path: '/v2', headers: [] } as const
const request = { ...HEAD, body: Uint8Array.of(1, 2, 3) }
const sealed = await Promise.all(
  configs.flatMap((config) => [
    encapsulateRequest([config], request, { now: NOW }).then(({ body }) => Uint8Array.of(0, ...body)),
    encapsulateStream([config], request, { now: NOW }).then(async ({ body }) =>
      Uint8Array.of(1, ...(await joined(body))),
    ),
  ]),
)

async function joined(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const piece of pieces) parts.push(piece)
  return joinBytes(parts)
}

/** A gateway that has seen nothing yet, so that the same bytes always have the same answer. The keys are of this run. */
async function parse(bytes: Uint8Array): Promise<unknown> {
  const options = { keys, clock: () => NOW, replayCapacity: 10, dateWindowSeconds: 60, maxRequestBytes: 8192 }
  const mode = (bytes[0] ?? 0) % 2 === 0 ? 'message/ohttp-req' : 'message/ohttp-chunked-req'
  const opened = await new OhttpGateway(options).open(mode, bytes.subarray(1))
  const admitted = opened.admit()
  return { ...admitted, body: await collectBody(admitted.body, 8192) }
}

export const target: FuzzTarget = {
  sources: ['packages/channel/src/ohttp-gateway.ts', 'packages/channel/src/hpke-suites.ts'],
  seeds: [written(...sealed)],
  maxBytes: 8192,
  parse,
  refuses: joinRefusals(BINARY_HTTP, {
    ChannelError: [
      ...['KEY_ID_UNKNOWN', 'SUITE_UNSUPPORTED', 'DECRYPT_FAILED', 'STREAM_TRUNCATED', 'DATE_INVALID'],
      'DATE_OUTSIDE_WINDOW',
    ],
  }),
}
