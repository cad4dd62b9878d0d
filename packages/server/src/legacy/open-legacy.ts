import type { EvidenceSource, UnixSeconds } from '@blindai/core'
import type { LegacyConfig } from '../config.ts'
import {
  createTlsIdentity,
  type Listener,
  type ListenerOptions,
  listenHttp,
  listenTls,
  originOf,
} from '../http/index.ts'
import { LegacyApi, type LegacyServices } from './legacy-api.ts'
import { collectLegacyEvidence } from './legacy-evidence.ts'

/** Where clients of BlindAI 0.6 are served. */
export interface LegacyUrls {
  readonly attestation: string
  readonly run: string
  readonly management: string
}

/** The listeners for clients of BlindAI 0.6, before they listen. */
export interface LegacyDoor {
  /** @throws what Node throws when an address cannot be had; those that were opened before are in `onOpen`'s hands. */
  listen(options: Omit<ListenerOptions, 'dispatch'>, onOpen: (listener: Listener) => void): Promise<LegacyUrls>
}

export interface LegacyDoorOptions extends Omit<LegacyServices, 'tenant' | 'certificate' | 'evidence' | 'isSimulated'> {
  readonly config: LegacyConfig
  readonly source: EvidenceSource
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  readonly clock: () => UnixSeconds
}

/** The name that clients of 0.6 expect in the certificate, whatever address they connect to. */
const DNS_NAME = 'blindai-srv'

/**
 * Makes the TLS key of these listeners, which is in no keyset, and evidence for it alone: clients of 0.6 verify the certificate,
 * and nothing that is attested for others may stand on it.
 *
 * @throws as `collectLegacyEvidence`.
 */
export async function openLegacy(options: LegacyDoorOptions): Promise<LegacyDoor> {
  const { config, source, notBefore, notAfter, clock, ...services } = options
  const identity = createTlsIdentity(notBefore, notAfter, DNS_NAME)
  const api = new LegacyApi({
    ...services,
    tenant: config.tenant,
    certificate: identity.der,
    evidence: await collectLegacyEvidence(source, identity.der, clock),
    isSimulated: source.format.startsWith('simulated'),
  })
  const { host, ports } = config
  return {
    async listen(listenerOptions, onOpen) {
      const attestation = await listenHttp(
        { host, port: ports.attestation },
        { ...listenerOptions, dispatch: api.attest },
        {},
      )
      onOpen(attestation)
      const run = await listenTls({ host, port: ports.run }, identity, { ...listenerOptions, dispatch: api.run })
      onOpen(run)
      const management = await listenTls({ host, port: ports.management }, identity, {
        ...listenerOptions,
        dispatch: api.manage,
      })
      onOpen(management)
      return {
        attestation: originOf('http', host, attestation.port),
        run: originOf('https', host, run.port),
        management: originOf('https', host, management.port),
      }
    },
  }
}
