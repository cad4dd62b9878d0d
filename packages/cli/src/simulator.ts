import type * as SimulatorPackage from '@blindai/simulator'
import { CliError } from './cli-error.ts'

/** What every screen that shows a simulated enclave says. */
export const SIMULATED_WARNING = 'simulated, protects nothing'

/**
 * Loads the simulator, which production images do not contain.
 *
 * @throws {CliError} `SIMULATOR_UNAVAILABLE`
 */
export async function loadSimulator(): Promise<typeof SimulatorPackage> {
  try {
    return await import('@blindai/simulator')
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause) || cause.code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new CliError('SIMULATOR_UNAVAILABLE', { package: '@blindai/simulator' }, { cause })
  }
}
