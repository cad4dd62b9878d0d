import { basename, dirname, resolve } from 'node:path'
import type { EvidenceFormat } from '@blindai/core'
import {
  ephemeralKeySource,
  fileCounter,
  fileKeySource,
  type KeySource,
  type KeySourceKind,
  nodeFiles,
  openStoreFolder,
  type RollbackCounter,
} from '@blindai/store'
import type { CounterConfig, StoreConfig } from './config.ts'
import { GatekeeperError } from './gatekeeper-error.ts'
import type { Log } from './gatekeeper-log.ts'
import { MemoryVault, SealedVault, type Vault } from './models/index.ts'

/**
 * Key sources and counters that need a device or a service, by the kind that a configuration names. Whoever has one gives it
 * here; a kind that is named and not given is refused at the start, and never replaced by another.
 */
export interface StoreDevices {
  readonly keySources?: Partial<Readonly<Record<KeySourceKind, KeySource>>>
  readonly counters?: Partial<Readonly<Record<CounterConfig['kind'], RollbackCounter>>>
}

/**
 * Where the models of a configuration lie: in memory without a store, else sealed in its folder.
 *
 * @throws {GatekeeperError} `KEY_SOURCE_NOT_ALLOWED`, `KEY_SOURCE_UNAVAILABLE`, `COUNTER_NOT_ALLOWED`,
 * `COUNTER_UNAVAILABLE`; {StoreError} of a store that does not open.
 */
export async function openVault(
  store: StoreConfig | undefined,
  evidence: EvidenceFormat,
  log: Log,
  devices: StoreDevices = {},
): Promise<Vault> {
  if (store === undefined) return new MemoryVault()
  const keySource = keySourceOf(store, evidence, devices)
  const counter = store.counter && counterOf(store.counter, evidence, devices)
  const options = { keySource, onEvent: log, ...(counter === undefined ? {} : { counter }) }
  const opened = await openStoreFolder(store.dir, options)
  try {
    return new SealedVault(opened)
  } catch (error) {
    await opened.close()
    throw error
  }
}

function keySourceOf({ keySource, keyFile }: StoreConfig, evidence: EvidenceFormat, devices: StoreDevices): KeySource {
  if (keySource === 'file' && !isSimulated(evidence)) {
    throw new GatekeeperError('KEY_SOURCE_NOT_ALLOWED', { keySource, evidence })
  }
  if (keySource === 'ephemeral') return ephemeralKeySource()
  if (keySource === 'file' && keyFile !== undefined) {
    const path = resolve(keyFile)
    return fileKeySource(nodeFiles(dirname(path)), basename(path))
  }
  const given = devices.keySources?.[keySource]
  if (given === undefined) throw new GatekeeperError('KEY_SOURCE_UNAVAILABLE', { keySource })
  return given
}

function counterOf(counter: CounterConfig, evidence: EvidenceFormat, devices: StoreDevices): RollbackCounter {
  const { kind } = counter
  if (kind === 'file') {
    if (!isSimulated(evidence)) throw new GatekeeperError('COUNTER_NOT_ALLOWED', { counter: kind, evidence })
    const path = resolve(counter.path)
    return fileCounter(nodeFiles(dirname(path)), basename(path))
  }
  const given = devices.counters?.[kind]
  if (given === undefined) throw new GatekeeperError('COUNTER_UNAVAILABLE', { counter: kind })
  return given
}

function isSimulated(evidence: EvidenceFormat): boolean {
  return evidence.startsWith('simulated')
}
