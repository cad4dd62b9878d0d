import { type EvidenceSource, type UnixSeconds, unixSeconds, utf8 } from '@blindai/core'
import { createAuthority } from './authority/authority.ts'
import type { SimulatedMeasurements } from './authority/make-quote.ts'
import { measureFiles } from './installation/measure.ts'
import { loadRoot } from './state.ts'

/** A TEE made of software. It makes evidence that any verifier can check, and it protects nothing. */
export interface Simulator {
  /** Lower-case hex SHA-256 of the root certificate's DER: what a policy names to accept this installation's evidence. */
  readonly rootSha256: string
  /** Lower-case hex. */
  readonly measurements: SimulatedMeasurements
  /** Lower-case hex SHA-256 over the log of all measured files. */
  readonly softwareDigest: string
  readonly source: EvidenceSource
}

/** What a test or an unusual start changes. */
export interface SimulatorOptions {
  /** The installation to measure, by the folder of its lock file; that of the running code without it. */
  readonly installation?: string
  readonly clock?: () => UnixSeconds
}

/**
 * Starts the simulated TEE of this installation: reads its root, or makes it at the first start, and measures the files
 * that the server loads. The keys below the root are new at each start and live in memory.
 *
 * @param stateDir - the folder of the root; made when absent.
 * @throws {SimulatorError} every code.
 */
export async function openSimulator(stateDir: string, options: SimulatorOptions = {}): Promise<Simulator> {
  const clock = options.clock ?? systemClock
  const now = clock()
  const [installation, root] = await Promise.all([
    measureFiles(options.installation === undefined ? {} : { root: options.installation }),
    loadRoot(stateDir, now),
  ])
  const authority = createAuthority({ now, keys: { root: root.key }, rootCertificate: root.certificate })
  const { measurements, digest } = installation
  const log = utf8(installation.log)
  return {
    rootSha256: authority.rootSha256,
    measurements,
    softwareDigest: digest,
    source: {
      format: 'simulated',
      collect: async (reportData) => ({ bytes: authority.quote(reportData, measurements), log }),
      endorsements: async () => authority.endorse(clock()),
    },
  }
}

function systemClock(): UnixSeconds {
  return unixSeconds(Math.floor(Date.now() / 1000))
}
