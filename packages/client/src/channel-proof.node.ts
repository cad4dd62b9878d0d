import { channelProofMessage, verifyChannelProof } from '@blindai/channel'
import { fromBase64Url, fromHex, isMalformedError, toBase64Url, utf8 } from '@blindai/core'
import type { AffirmingResult } from '@blindai/verifier'
import { freshNonce } from './attest.ts'
import { BlindAiError, isBlindAiError } from './errors.ts'
import { asObject, asText, readBody, readJson, retryAfterMs } from './response.ts'
import type { TlsConnection } from './tls-connection.node.ts'
import { CHANNEL_PATH } from './url.ts'

const MAX_PROOF_BYTES = 4096

/**
 * Has a connection prove that it ends in the enclave: the enclave signs this very connection's exporter.
 *
 * @throws {BlindAiError} `CHANNEL_PROOF_FAILED`; its reason is `statement` when the proof is by an enclave with another
 * statement, which a restart explains.
 */
export async function proveChannel(
  connection: TlsConnection,
  { channel }: AffirmingResult,
  signal: AbortSignal,
): Promise<void> {
  const nonce = freshNonce()
  const response = await connection.send(
    {
      method: 'POST',
      path: CHANNEL_PATH,
      headers: [['content-type', 'application/json']],
      body: [utf8(JSON.stringify({ nonce: toBase64Url(nonce) }))],
      repeatable: false,
      streams: false,
    },
    signal,
    () => undefined,
  )
  if (response.status === 429 || response.status >= 500) {
    const retry = { retryAfterMs: retryAfterMs(response.headers) }
    throw new BlindAiError('CONNECTION_FAILED', { reason: `the channel proof is answered ${response.status}` }, retry)
  }
  if (response.status !== 200) throw new BlindAiError('CHANNEL_PROOF_FAILED', { reason: 'status' })
  const proof = parseProof(await readBody('the channel proof', response.body, MAX_PROOF_BYTES))
  if (proof.statementSha256 !== channel.statementSha256) {
    throw new BlindAiError('CHANNEL_PROOF_FAILED', { reason: 'statement' })
  }
  const statementSha256 = fromHex('statementSha256', channel.statementSha256)
  const message = channelProofMessage(statementSha256, nonce, connection.exporter(nonce))
  if (!(await verifyChannelProof(channel.channelKey, message, proof.signature))) {
    throw new BlindAiError('CHANNEL_PROOF_FAILED', { reason: 'signature' })
  }
}

function parseProof(body: Uint8Array): { readonly statementSha256: string; readonly signature: Uint8Array } {
  try {
    const proof = asObject('the channel proof', readJson('the channel proof', body))
    const signature = fromBase64Url('signature', asText('the signature', proof.signature))
    return { statementSha256: asText('the statement digest', proof.statementSha256), signature }
  } catch (cause) {
    if (!isBlindAiError(cause) && !isMalformedError(cause)) throw cause
    throw new BlindAiError('CHANNEL_PROOF_FAILED', { reason: 'malformed' }, { cause })
  }
}
