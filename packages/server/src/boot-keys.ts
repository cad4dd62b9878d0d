import { type ChannelSigner, createChannelSigner, generateOhttpKeys, OhttpGateway } from '@blindai/channel'
import { nodeBackend } from '@blindai/channel/node'
import {
  type AttestedSoftware,
  type EvidenceSource,
  type IsolationLevel,
  type UnixSeconds,
  unixSeconds,
} from '@blindai/core'
import { type Attester, assembleKeyset, configDigest, createAttester, type ShownConfig } from './attester/index.ts'
import { configJson, type ServerConfig } from './config.ts'
import { createTlsIdentity, type TlsIdentity } from './http/index.ts'

/** The keys of one boot. */
export interface BootKeys {
  readonly ohttp: Awaited<ReturnType<typeof generateOhttpKeys>>
  readonly signer: ChannelSigner
  readonly receiptSigner: ChannelSigner
}

/** What vouches for the keys of a boot, and what they open. */
export interface Vouched {
  readonly identity: TlsIdentity
  readonly validity: { readonly notBefore: UnixSeconds; readonly notAfter: UnixSeconds }
  readonly attester: Attester
  readonly gateway: OhttpGateway
}

/** What is vouched for besides keys. */
export interface Vouching {
  readonly config: ServerConfig
  readonly isolation: IsolationLevel
  readonly source: EvidenceSource
  readonly software: AttestedSoftware
  readonly clock: () => UnixSeconds
}

/** A client's clock may be behind by this much. */
const CLOCK_SKEW_SECONDS = 300
/** Keys live as long as the process, at the longest for a year. */
const KEYSET_SECONDS = 365 * 86_400

/** Makes the keys that no certificate stands on. */
export async function makeBootKeys(): Promise<BootKeys> {
  const [ohttp, signer, receiptSigner] = await Promise.all([
    generateOhttpKeys(nodeBackend),
    createChannelSigner(),
    createChannelSigner(),
  ])
  return { ohttp, signer, receiptSigner }
}

/** Makes the key of the TLS listener and the keyset of all, states them, and collects the first evidence. */
export async function vouchFor(keys: BootKeys, vouching: Vouching): Promise<Vouched> {
  const { config, isolation, source, software, clock } = vouching
  const validity = {
    notBefore: unixSeconds(clock() - CLOCK_SKEW_SECONDS),
    notAfter: unixSeconds(clock() + KEYSET_SECONDS),
  }
  const identity = createTlsIdentity(validity.notBefore, validity.notAfter)
  const keyset = await assembleKeyset({
    tlsPublicKeys: [identity.spki],
    ohttpKeyConfigs: keys.ohttp.keyConfigList,
    channel: keys.signer.publicJwk,
    receipts: keys.receiptSigner.publicJwk,
    ...validity,
  })
  const shown = { ...shownConfig(config, isolation), digest: await configDigest(configJson(config)) }
  const { replayCapacity, dateWindowSeconds, maxWholeObliviousBytes: maxRequestBytes } = config.limits
  const gateway = new OhttpGateway({ keys: keys.ohttp, clock, replayCapacity, dateWindowSeconds, maxRequestBytes })
  const attester = await createAttester({ source, keyset, config: shown, software, clock })
  return { identity, validity, attester, gateway }
}

function shownConfig(config: ServerConfig, isolation: IsolationLevel): ShownConfig {
  return {
    isolation,
    keySource: config.store?.keySource ?? 'ephemeral',
    unattestedClients: config.unattestedClients,
    legacyListeners: config.legacy !== undefined,
    crossTenantBatching: config.crossTenantBatching,
    sharedEngines: config.sharedEngines,
    peers: [],
    credentials: config.tenants.map((tenant) => tenant.keySha256),
  }
}
