import { toHex } from '@blindai/core'
import type { AffirmingResult } from '@blindai/verifier'
import { appraise, attestationPath, freshNonce, MAX_DOCUMENT_BYTES, requireAffirming } from './attest.ts'
import type { Attested, AttestedChannel, ChannelSettings } from './attested-channel.ts'
import { proveChannel } from './channel-proof.node.ts'
import { ConnectionPool } from './connection-pool.node.ts'
import { withDeadline } from './deadline.ts'
import { BlindAiError, isBlindAiError, withReport } from './errors.ts'
import type { ApiRequest, ApiResponse } from './http-exchange.ts'
import { checkDocumentStatus, readBody } from './response.ts'
import { type Groups, TlsConnection } from './tls-connection.node.ts'

/**
 * Attested TLS: connections whose key the evidence names, and each of which proves itself before its first API byte.
 * Evidence alone can be relayed by whoever has the certificate's key shown to him; the proof cannot.
 */

/**
 * Attests over a connection, which then is the first of the channel. Only the question for evidence and the proof leave
 * before the result is affirming.
 */
export async function openTls(settings: ChannelSettings, signal: AbortSignal): Promise<AttestedChannel> {
  const { server } = settings
  if (server.protocol !== 'https:' || server.pathname !== '/') {
    const reason = 'it needs an https address without a path'
    throw new BlindAiError('TRANSPORT_UNAVAILABLE', { transport: 'tls', reason })
  }
  const connection = await connect(settings, signal)
  try {
    const nonce = freshNonce()
    const document = await fetchDocument(connection, nonce, signal)
    const arrival = { kind: 'tls', spkiSha256: connection.spkiSha256 } as const
    const result = requireAffirming(await appraise(document, nonce, arrival, settings))
    await reporting(result, () => proveChannel(connection, result, signal))
    return new TlsChannel(settings, { result, document }, connection)
  } catch (error) {
    connection.destroy()
    throw error
  }
}

/** Asks for evidence over a connection that has proved nothing yet. */
export async function fetchDocument(
  connection: TlsConnection,
  nonce: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const request = {
    method: 'GET',
    path: attestationPath(nonce),
    headers: [],
    body: [],
    repeatable: false,
    streams: false,
  }
  const response = await connection.send(request, signal, () => undefined)
  checkDocumentStatus(response.status, response.headers)
  return readBody('the attestation document', response.body, MAX_DOCUMENT_BYTES)
}

class TlsChannel implements AttestedChannel {
  readonly transport = 'tls'
  readonly result: AffirmingResult
  readonly document: Uint8Array
  readonly #pool: ConnectionPool

  constructor(settings: ChannelSettings, { result, document }: Attested, first: TlsConnection) {
    this.result = result
    this.document = document
    this.#pool = new ConnectionPool((signal) => openProved(settings, result, signal), settings.maxConnections)
    this.#pool.add(first)
  }

  async send(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    try {
      return await this.#sendOnce(request, signal)
    } catch (error) {
      // A kept connection may have been ended by the server just when it was used.
      if (!request.repeatable || !isBlindAiError(error) || error.code !== 'CONNECTION_LOST') throw error
    }
    return this.#sendOnce(request, signal)
  }

  retire(): void {
    this.#pool.retire()
  }

  close(): void {
    this.#pool.close()
  }

  async #sendOnce(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    const connection = await this.#pool.acquire(signal)
    return connection.send(request, signal, () => this.#pool.release(connection))
  }
}

/** A further connection: its key must be one that the evidence names, and then it must prove itself. */
async function openProved(
  settings: ChannelSettings,
  result: AffirmingResult,
  signal: AbortSignal,
): Promise<TlsConnection> {
  const connection = await connect(settings, signal)
  try {
    const spkiSha256 = toHex(connection.spkiSha256)
    if (!result.channel.tls.includes(spkiSha256)) throw new BlindAiError('CHANNEL_KEY_CHANGED', { spkiSha256 })
    await withDeadline('the channel proof', settings.timeouts.connectMs, signal, (proofSignal) =>
      proveChannel(connection, result, proofSignal),
    )
    return connection
  } catch (error) {
    connection.destroy()
    throw error
  }
}

/** Errors of what comes after a result carry it. */
async function reporting<T>(result: AffirmingResult, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw withReport(error, result)
  }
}

function connect({ server, policy, timeouts }: ChannelSettings, signal: AbortSignal): Promise<TlsConnection> {
  const groups: Groups = policy.requirePostQuantum ? 'X25519MLKEM768' : 'X25519MLKEM768:X25519'
  return withDeadline('the TLS handshake', timeouts.connectMs, signal, (dialSignal) =>
    TlsConnection.open(server, groups, dialSignal),
  )
}
