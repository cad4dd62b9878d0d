import type { AttestedChannel, ChannelSettings, TransportName } from './attested-channel.ts'
import { BlindAiError } from './errors.ts'

/** The transports of a platform without sockets. `transport.node.ts` has the same exports. */

export { webCryptoBackend as hpkeBackend } from '@blindai/channel'

/** Oblivious HTTP, whatever the address. */
export function defaultTransport(_server: URL): TransportName {
  return 'ohttp'
}

/** @throws {BlindAiError} `TRANSPORT_UNAVAILABLE`, always. */
export function openTls(_settings: ChannelSettings, _signal: AbortSignal): Promise<AttestedChannel> {
  const reason = 'a browser shows no page the certificate or the exporter of a connection'
  return Promise.reject(new BlindAiError('TRANSPORT_UNAVAILABLE', { transport: 'tls', reason }))
}
