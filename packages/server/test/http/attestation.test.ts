import { channelProofMessage, verifyChannelProof } from '@blindai/channel'
import { fromBase64Url, toHex } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import type { RequestChannel, TlsConnection } from '../../src/http/api.ts'
import { base64UrlOf, buildHouse } from '../fixtures/house.ts'

const NONCE = base64UrlOf(7)
const EXPORTER = new Uint8Array(32).fill(9)

function tls(exporter = EXPORTER): { readonly connection: TlsConnection; readonly channel: RequestChannel } {
  const connection = { proved: false, exportKey: () => exporter }
  return { connection, channel: { kind: 'tls', connection } }
}

describe('the attestation document', () => {
  test('is given without a nonce, and with one', async () => {
    const { ask } = await buildHouse()
    expect(await ask('GET', '/.well-known/blindai/attestation')).toMatchObject({ status: 200, json: { nonce: '' } })
    expect(await ask('GET', `/.well-known/blindai/attestation?nonce=${NONCE}`)).toMatchObject({
      json: { nonce: NONCE },
    })
  })

  test.each([
    ['too short', 'AAAA'],
    ['no base64url', `${NONCE.slice(1)}=`],
    ['empty', ''],
  ])('is refused to a nonce that is %s', async (_name, nonce) => {
    const { ask } = await buildHouse()
    expect(await ask('GET', `/.well-known/blindai/attestation?nonce=${nonce}`)).toMatchObject({
      status: 400,
      json: { code: 'PARAMETER_INVALID' },
    })
  })
})

describe('a channel proof', () => {
  test('signs the statement, the nonce and the connection’s own exporter, and opens the connection', async () => {
    const { ask, attester, signer } = await buildHouse()
    const { channel, connection } = tls()
    expect(await ask('GET', '/v2', { as: 'alice', channel })).toMatchObject({ status: 403 })
    const { json } = await ask('POST', '/.well-known/blindai/channel', { channel, body: `{"nonce":"${NONCE}"}` })
    const signature = fromBase64Url('signature', Object(json).signature)
    const message = channelProofMessage(attester.statementSha256, new Uint8Array(32).fill(7), EXPORTER)
    expect(await verifyChannelProof(signer.publicJwk, message, signature)).toBe(true)
    expect(json).toMatchObject({ statementSha256: toHex(attester.statementSha256) })
    expect(connection.proved).toBe(true)
    expect(await ask('GET', '/v2', { as: 'alice', channel })).toMatchObject({ status: 200 })
  })

  test('opens no other connection', async () => {
    const { ask } = await buildHouse()
    await ask('POST', '/.well-known/blindai/channel', { ...tls(), body: `{"nonce":"${NONCE}"}` })
    expect(await ask('GET', '/v2', { as: 'alice', ...tls() })).toMatchObject({ json: { code: 'CHANNEL_NOT_PROVED' } })
  })

  test.each([
    ['no JSON', 'nonce'],
    ['no nonce', '{}'],
    ['another member', `{"nonce":"${NONCE}","x":1}`],
    ['a short nonce', '{"nonce":"AAAA"}'],
    ['a list', `["${NONCE}"]`],
  ])('is refused to %s, and opens nothing', async (_name, body) => {
    const { ask } = await buildHouse()
    const { channel, connection } = tls()
    expect(await ask('POST', '/.well-known/blindai/channel', { channel, body })).toMatchObject({ status: 400 })
    expect(connection.proved).toBe(false)
  })

  test('is refused over Oblivious HTTP, which has no connection', async () => {
    const { ask } = await buildHouse()
    const body = `{"nonce":"${NONCE}"}`
    expect(await ask('POST', '/.well-known/blindai/channel', { channel: { kind: 'ohttp' }, body })).toMatchObject({
      status: 400,
      json: { code: 'CHANNEL_NOT_TLS' },
    })
  })
})
