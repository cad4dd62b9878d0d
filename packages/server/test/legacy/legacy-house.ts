import { expect } from 'vitest'
import type { ApiHeaders, ApiResponse } from '../../src/http/api.ts'
import { bodyOfBytes } from '../../src/http/memory-body.ts'
import { cborArray, cborBytes, cborMap, cborText, cborUnsigned } from '../../src/legacy/cbor-writer.ts'
import { LegacyApi } from '../../src/legacy/legacy-api.ts'
import type { LegacyAnswered } from '../../src/legacy/legacy-ports.ts'
import { buildHouse } from '../fixtures/house.ts'
import { readerOf } from './vectors.ts'

/** A house with ports for clients of BlindAI 0.6, and what is told of their requests. */
export async function openApi(options: Parameters<typeof buildHouse>[0] = {}) {
  const house = await buildHouse(options)
  const { models, library, inference, meter } = house
  const told: LegacyAnswered[] = []
  const api = new LegacyApi({
    tenant: 'legacy',
    models,
    library,
    inference,
    limits: house.limits,
    certificate: new Uint8Array([1, 2, 3]),
    evidence: undefined,
    isSimulated: true,
    meter,
    pressure: options.pressure ?? { level: () => 0 },
    nowMs: options.nowMs ?? (() => performance.now()),
    onAnswered: (answered) => told.push(answered),
    onFailure: (failure) => house.failures.push(failure),
  })

  async function ask(
    port: 'attest' | 'run' | 'manage',
    method: string,
    path: string,
    body: Uint8Array = new Uint8Array(),
    headers: ApiHeaders = {},
  ) {
    const response = await api[port]({
      method,
      path,
      query: '',
      headers,
      body: bodyOfBytes(body),
      signal: new AbortController().signal,
      channel: { kind: 'plain' },
    })
    return { ...response, bytes: await bytesOf(response) }
  }

  const upload = async (bytes: Uint8Array): Promise<string> =>
    idOf(await ask('manage', 'POST', '/upload', uploadOf(bytes)))
  return { ...house, told, ask, upload, askKeyed: house.ask, uploadKeyed: house.upload }
}

async function bytesOf({ body }: ApiResponse): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece)
  return Buffer.concat(pieces)
}

export function uploadOf(model: Uint8Array): Uint8Array {
  return cborMap({
    model: cborBytes(model),
    length: cborUnsigned(model.byteLength),
    model_name: cborText('secret.onnx'),
    optimize: Uint8Array.of(0xf5),
  })
}

export function runOf(
  id: string,
  hash: string,
  name: Uint8Array = Uint8Array.of(0xf6),
  data: Uint8Array = new Uint8Array(4),
): Uint8Array {
  const info = cborMap({
    fact: cborArray([cborUnsigned(data.byteLength / 4)]),
    datum_type: cborUnsigned(0),
    node_name: name,
  })
  return cborMap({
    model_id: cborText(id),
    model_hash: cborText(hash),
    inputs: cborArray([cborMap({ info, bytes_data: cborBytes(data) })]),
  })
}

export const deleteOf = (id: string): Uint8Array => cborMap({ model_id: cborText(id) })

export function idOf({ status, bytes }: { readonly status: number; readonly bytes: Buffer }): string {
  if (status !== 200) throw new Error(`refused: ${bytes.toString('latin1')}`)
  return bytes.subarray(-36).toString('latin1')
}

/** The sentence of a refusal; its head is of one, two or three bytes. */
export async function refusal(answer: Promise<{ readonly status: number; readonly bytes: Buffer }>): Promise<string> {
  const { status, bytes } = await answer
  expect(status).toBe(500)
  return readerOf(bytes).text('refusal', 4096)
}
