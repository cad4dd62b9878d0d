/** What the cores are used for. */
export interface CoreUse {
  readonly cores: number
  /** Threads that compute. */
  readonly running: number
  /** Engines that load; each takes about a core. */
  readonly starting: number
}

/** One core stays free of loading where there are two, so that a large model delays nobody's answer. */
function loadingCores(cores: number): number {
  return Math.max(1, cores - 1)
}

/** True when one more thread may compute. */
export function mayRun({ cores, running, starting }: CoreUse): boolean {
  return running + Math.min(starting, loadingCores(cores)) < cores
}

/**
 * True when one more engine may load. Who has none on its way may have one more: models that take long to load would shut out
 * everybody else.
 */
export function mayLoad({ cores, running, starting }: CoreUse, hasOneOnItsWay: boolean): boolean {
  const isOneMore = running + loadingCores(cores) <= cores && !hasOneOnItsWay
  return isOneMore ? starting <= loadingCores(cores) : starting < loadingCores(cores) && running + starting < cores
}
