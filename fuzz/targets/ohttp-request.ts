import { unixSeconds } from '@blindai/core'
import { parseKeyConfigList } from '../../packages/channel/src/key-config.ts'
import { encapsulateRequest, OHTTP_AUTHORITY } from '../../packages/channel/src/ohttp-client.ts'
import { OhttpGateway } from '../../packages/channel/src/ohttp-gateway.ts'
import { generateOhttpKeys } from '../../packages/channel/src/ohttp-keys.ts'
import { BINARY_HTTP } from '../engine/refusals.ts'
import { written } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

const NOW = unixSeconds(1_790_000_000)
const keys = await generateOhttpKeys()
const configs = parseKeyConfigList(keys.keyConfigList)
const HEAD = { method: 'POST', scheme: 'https', authority: OHTTP_AUTHORITY, path: '/v2', headers: [] } as const
const request = { ...HEAD, body: Uint8Array.of(1, 2, 3) }
const sealed = await Promise.all(configs.map((config) => encapsulateRequest([config], request, { now: NOW })))

/** A gateway that has seen nothing yet, so that the same bytes always have the same answer. The keys are of this run. */
async function parse(bytes: Uint8Array): Promise<unknown> {
  const options = { keys, clock: () => NOW, replayCapacity: 10, dateWindowSeconds: 60, maxRequestBytes: 8192 }
  const mode = (bytes[0] ?? 0) % 2 === 0 ? 'message/ohttp-req' : 'message/ohttp-chunked-req'
  const opened = await new OhttpGateway(options).open(mode, bytes.subarray(1))
  return opened.head
}

export const target: FuzzTarget = {
  sources: ['packages/channel/src/ohttp-gateway.ts', 'packages/channel/src/hpke-suites.ts'],
  seeds: [written(...sealed.flatMap(({ body }) => [0, 1].map((mode) => Uint8Array.of(mode, ...body))))],
  maxBytes: 8192,
  parse,
  refuses: joinRefusals(BINARY_HTTP, {
    ChannelError: [
      ...['KEY_ID_UNKNOWN', 'SUITE_UNSUPPORTED', 'DECRYPT_FAILED', 'STREAM_TRUNCATED', 'DATE_INVALID'],
      'DATE_OUTSIDE_WINDOW',
    ],
  }),
}
