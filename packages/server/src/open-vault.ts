import { basename, dirname, resolve } from 'node:path'
import type { EvidenceFormat } from '@blindai/core'
import { ephemeralKeySource, fileKeySource, type KeySource, nodeFiles, openStoreFolder } from '@blindai/store'
import type { StoreConfig } from './config.ts'
import { GatekeeperError } from './gatekeeper-error.ts'
import type { Log } from './gatekeeper-log.ts'
import { MemoryVault, SealedVault, type Vault } from './models/index.ts'

/**
 * Where the models of a configuration lie: in memory without a store, else sealed in its folder.
 *
 * @throws {GatekeeperError} `KEY_SOURCE_NOT_ALLOWED`; {StoreError} of a store that does not open.
 */
export async function openVault(store: StoreConfig | undefined, evidence: EvidenceFormat, log: Log): Promise<Vault> {
  if (store === undefined) return new MemoryVault()
  if (store.keySource === 'file' && !evidence.startsWith('simulated')) {
    throw new GatekeeperError('KEY_SOURCE_NOT_ALLOWED', { keySource: store.keySource, evidence })
  }
  const opened = await openStoreFolder(store.dir, { keySource: keySourceOf(store), onEvent: log })
  try {
    return new SealedVault(opened)
  } catch (error) {
    await opened.close()
    throw error
  }
}

function keySourceOf({ keyFile }: StoreConfig): KeySource {
  if (keyFile === undefined) return ephemeralKeySource()
  const path = resolve(keyFile)
  return fileKeySource(nodeFiles(dirname(path)), basename(path))
}
