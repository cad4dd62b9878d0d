import { fromBase64Url } from '@blindai/core'
import { encodeTaskRequest } from '@blindai/protocol'
import { digestBody, parseReceipt, RECEIPT_HEADER, RECEIPT_SALT_HEADER, verifyReceipt } from '@blindai/receipts'
import { describe, expect, test } from 'vitest'
import { type Answer, buildHouse, digestOf, NOW } from '../fixtures/house.ts'

const MODEL = new Uint8Array([1, 2, 3])
const ASK = { [RECEIPT_HEADER]: '1' }
const BODY = '{"inputs":[{"name":"x","datatype":"FP32","shape":[2],"data":[1.5,-2]}]}'

async function houseWithModel() {
  const house = await buildHouse()
  const sha256 = await house.upload('alice', MODEL, '?name=m')
  const keys = {
    statementSha256: Buffer.from(house.attester.statementSha256).toString('hex'),
    receiptsKey: house.signer.publicJwk,
    notBefore: NOW,
    notAfter: NOW,
  }
  const infer = (headers: Record<string, string> = ASK) =>
    house.ask('POST', '/v2/models/m/infer', { as: 'alice', body: BODY, headers })
  return { ...house, sha256, keys, infer }
}

const tokenOf = ({ headers }: Answer): string => headers[RECEIPT_HEADER] ?? ''
const saltOf = ({ headers }: Answer): Uint8Array => fromBase64Url('salt', headers[RECEIPT_SALT_HEADER] ?? '')

describe('a receipt of a run', () => {
  test('is given to who asks, and is of exactly these bodies', async () => {
    const { infer, keys, sha256 } = await houseWithModel()
    const answer = await infer()
    const receipt = await verifyReceipt(tokenOf(answer), keys, {
      operation: 'run',
      modelSha256: sha256,
      salt: saltOf(answer),
      request: await digestBody(Buffer.from(BODY)),
      response: await digestBody(answer.bytes),
    })
    expect(receipt).toMatchObject({ sequence: 1, hostTime: NOW, model: { kind: 'onnx' } })
  })
  test('names the task of a task', async () => {
    const { ask, keys, sha256 } = await houseWithModel()
    const { parts } = encodeTaskRequest({ model: 'm', inputs: [{ kind: 'text', text: 'a' }], parameters: {} })
    const answer = await ask('POST', '/v1/tasks/text-classification', {
      as: 'alice',
      body: Buffer.concat(parts),
      headers: ASK,
    })
    await expect(
      verifyReceipt(tokenOf(answer), keys, {
        task: 'text-classification',
        modelSha256: sha256,
        salt: saltOf(answer),
        response: await digestBody(answer.bytes),
      }),
    ).resolves.toMatchObject({ operation: 'run' })
  })
  test('is not given to who does not ask', async () => {
    const { infer } = await houseWithModel()
    const { status, headers } = await infer({})
    expect(status).toBe(200)
    expect(headers).not.toHaveProperty(RECEIPT_HEADER)
    expect(headers).not.toHaveProperty(RECEIPT_SALT_HEADER)
  })
  test('is not given for a run that failed', async () => {
    const { ask } = await houseWithModel()
    const { status, headers } = await ask('POST', '/v2/models/m/infer', { as: 'alice', body: '{', headers: ASK })
    expect(status).toBe(400)
    expect(headers).not.toHaveProperty(RECEIPT_HEADER)
  })
  test('asked for in another way runs nothing', async () => {
    const { infer, engines } = await houseWithModel()
    const runs = engines.engines.length
    expect(await infer({ [RECEIPT_HEADER]: 'yes' })).toMatchObject({ status: 400, json: { code: 'HEADER_INVALID' } })
    expect(engines.engines).toHaveLength(runs)
  })
  test('has a salt of its own, and the next number', async () => {
    const { infer } = await houseWithModel()
    const answers = [await infer(), await infer(), await infer()]
    expect(answers.map((answer) => parseReceipt(tokenOf(answer)).receipt.sequence)).toEqual([1, 2, 3])
    expect(new Set(answers.map((answer) => answer.headers[RECEIPT_SALT_HEADER])).size).toBe(3)
    const commitments = answers.map((answer) => parseReceipt(tokenOf(answer)).receipt.request?.hmac)
    expect(new Set(commitments).size).toBe(3)
  })
})

describe('a receipt of a model', () => {
  test('is given for an upload that is done, and for its repetition', async () => {
    const { ask, keys } = await houseWithModel()
    const bytes = new Uint8Array([4, 5, 6])
    for (const status of [201, 200]) {
      const answer = await ask('PUT', `/v1/models/${digestOf(bytes)}`, { as: 'bob', body: bytes, headers: ASK })
      expect(answer.status).toBe(status)
      expect(answer.headers).not.toHaveProperty(RECEIPT_SALT_HEADER)
      const expected = { operation: 'upload', modelSha256: digestOf(bytes) } as const
      await expect(verifyReceipt(tokenOf(answer), keys, expected)).resolves.toMatchObject({ operation: 'upload' })
    }
  })
  test('is not given for a part of an upload', async () => {
    const { ask } = await houseWithModel()
    const bytes = new Uint8Array([4, 5, 6])
    const headers = { ...ASK, 'upload-offset': '0', 'upload-length': '3' }
    const path = `/v1/models/${digestOf(bytes)}`
    const answer = await ask('PUT', path, { as: 'bob', body: bytes.slice(0, 2), headers })
    expect(answer.status).toBe(202)
    expect(answer.headers).not.toHaveProperty(RECEIPT_HEADER)
  })
  test('is given for a deletion', async () => {
    const { ask, keys, sha256 } = await houseWithModel()
    const answer = await ask('DELETE', `/v1/models/${sha256}`, { as: 'alice', headers: ASK })
    expect(answer.status).toBe(204)
    const expected = { operation: 'delete', modelSha256: sha256 } as const
    await expect(verifyReceipt(tokenOf(answer), keys, expected)).resolves.toMatchObject({ sequence: 1 })
  })
})
