import {
  CHANNEL_EXPORTER_BYTES,
  CHANNEL_EXPORTER_LABEL,
  type ChannelSigner,
  channelProofMessage,
} from '@blindai/channel'
import { fromBase64Url, fromUtf8, isMalformedError, NONCE_BYTES, parseJson, toBase64Url, toHex } from '@blindai/core'
import type { Attester } from '../../attester/index.ts'
import { type ApiResponse, type Call, jsonBytesResponse, jsonResponse } from '../api.ts'
import { ApiError } from '../api-error.ts'
import { queryOf } from '../request-fields.ts'
import type { Route } from '../router.ts'

export interface AttestationServices {
  readonly attester: Attester
  readonly signer: ChannelSigner
}

/** A nonce in JSON is 57 bytes. */
const MAX_PROOF_REQUEST_BYTES = 1024

/** The document, and the proof that a TLS connection ends where its keys are. */
export function attestationRoutes({ attester, signer }: AttestationServices): Route[] {
  async function document(call: Call): Promise<ApiResponse> {
    const { nonce } = queryOf(call.request, ['nonce'])
    return jsonBytesResponse(200, await attester.document(nonce === undefined ? undefined : parseNonce(nonce)))
  }

  async function proveChannel(call: Call): Promise<ApiResponse> {
    const { channel } = call.request
    if (channel.kind !== 'tls') throw new ApiError('CHANNEL_NOT_TLS', {})
    const nonce = parseProofRequest(await call.readBody())
    const exporter = channel.connection.exportKey(CHANNEL_EXPORTER_BYTES, CHANNEL_EXPORTER_LABEL, nonce)
    const signature = await signer.sign(channelProofMessage(attester.statementSha256, nonce, exporter))
    channel.connection.proved = true
    const statementSha256 = toHex(attester.statementSha256)
    return jsonResponse(200, { statementSha256, signature: toBase64Url(signature) })
  }

  return [
    {
      method: 'GET',
      path: '/.well-known/blindai/attestation',
      access: 'public',
      maxBodyBytes: 0,
      plain: true,
      handle: document,
    },
    {
      method: 'POST',
      path: '/.well-known/blindai/channel',
      access: 'public',
      maxBodyBytes: MAX_PROOF_REQUEST_BYTES,
      handle: proveChannel,
    },
  ]
}

function parseProofRequest(body: Uint8Array): Uint8Array {
  const request = parseJson('channel request', fromUtf8('channel request', body))
  const isObject = typeof request === 'object' && request !== null && 'nonce' in request
  if (!isObject || typeof request.nonce !== 'string' || Object.keys(request).length !== 1) {
    throw new ApiError('PARAMETER_INVALID', { parameter: 'nonce', expected: 'the one member of the request' })
  }
  return parseNonce(request.nonce)
}

function parseNonce(text: string): Uint8Array {
  const expected = `base64url of ${NONCE_BYTES} bytes`
  try {
    const nonce = fromBase64Url('nonce', text)
    if (nonce.byteLength === NONCE_BYTES) return nonce
  } catch (cause) {
    if (!isMalformedError(cause)) throw cause
  }
  throw new ApiError('PARAMETER_INVALID', { parameter: 'nonce', expected })
}
