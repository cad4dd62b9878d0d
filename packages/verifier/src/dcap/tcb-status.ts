/** What Intel says of a TCB, by Intel's names. The two that advise a relaunch are only ever derived. */
export type TcbStatus = LevelStatus | 'TDRelaunchAdvised' | 'TDRelaunchAdvisedConfigurationNeeded'

/** What a level of a TCB info can say. */
export type LevelStatus =
  | 'UpToDate'
  | 'SWHardeningNeeded'
  | 'ConfigurationNeeded'
  | 'ConfigurationAndSWHardeningNeeded'
  | 'OutOfDate'
  | 'OutOfDateConfigurationNeeded'
  | 'Revoked'

export const LEVEL_STATUSES: readonly LevelStatus[] = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'Revoked',
]

/**
 * One status for a platform and its components, the TDX module and the quoting enclave.
 *
 * A component that is out of date makes the whole out of date, and never the other way round; a revoked one revokes all.
 *
 * Source: Intel TDX and SGX DCAP Quote Verification Library, `convergeTcbStatuses`.
 */
export function convergeStatuses(platform: LevelStatus, components: readonly LevelStatus[]): LevelStatus {
  if (components.includes('Revoked')) return 'Revoked'
  if (!components.includes('OutOfDate')) return platform
  switch (platform) {
    case 'UpToDate':
    case 'SWHardeningNeeded':
      return 'OutOfDate'
    case 'ConfigurationNeeded':
    case 'ConfigurationAndSWHardeningNeeded':
      return 'OutOfDateConfigurationNeeded'
    case 'OutOfDate':
    case 'OutOfDateConfigurationNeeded':
    case 'Revoked':
      return platform
    default:
      return platform satisfies never
  }
}

/**
 * The status of a trust domain that was started under one TDX module and runs under another: what was out of date at its
 * start can be cured by starting it again, when the TCB of now is fine.
 *
 * Source: Intel TDX and SGX DCAP Quote Verification Library, `checkForRelaunch`.
 */
export function adviseRelaunch(launch: LevelStatus, current: LevelStatus): TcbStatus {
  const outOfDate = launch === 'OutOfDate' || launch === 'OutOfDateConfigurationNeeded'
  if (!outOfDate) return launch
  switch (current) {
    case 'UpToDate':
    case 'SWHardeningNeeded':
      return launch === 'OutOfDate' ? 'TDRelaunchAdvised' : 'TDRelaunchAdvisedConfigurationNeeded'
    case 'ConfigurationNeeded':
    case 'ConfigurationAndSWHardeningNeeded':
      return 'TDRelaunchAdvisedConfigurationNeeded'
    case 'OutOfDate':
    case 'OutOfDateConfigurationNeeded':
    case 'Revoked':
      return launch
    default:
      return current satisfies never
  }
}
