import type { TransportName } from './attested-channel.ts'

/** The transports of Node. `transport.browser.ts` has the same exports. */

export { nodeBackend as hpkeBackend } from '@blindai/channel/node'
export { openTls } from './tls-channel.node.ts'

/** Attested TLS where the address speaks TLS. */
export function defaultTransport(server: URL): TransportName {
  return server.protocol === 'https:' ? 'tls' : 'ohttp'
}
