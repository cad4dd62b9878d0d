import type { TcbEvaluation, TcbInput } from './tcb-evaluation.ts'
import { findModule, firstTdxComponent } from './tcb-evaluation.ts'
import type { SvnLevel, TcbComponent, TcbLevel } from './tcb-info.ts'

/** One version that is behind the newest level that Intel calls up to date. */
export interface TcbGap {
  /** `sgx[0]`, `tdx[2]`, `pce`, `tdx-module` or `qe`; with Intel's words for it where there are any. */
  readonly component: string
  readonly has: number
  readonly needs: number
  /** Advisories of the level that the part reached. */
  readonly advisoryIds: readonly string[]
}

/**
 * Names what keeps a TCB from the lowest level that would do; empty for one that is up to date, and for one that only
 * its configuration keeps back.
 */
export function findGaps(input: TcbInput, evaluation: TcbEvaluation): readonly TcbGap[] {
  if (evaluation.status === 'UpToDate' || evaluation.status === 'SWHardeningNeeded') return []
  const { platform: has, teeTcbSvn, tcbInfo, qeIsvSvn, qeLevels } = input
  const gaps: TcbGap[] = []
  const add = (component: string, hasSvn: number, needs: number, advisoryIds: readonly string[]): void => {
    if (hasSvn < needs) gaps.push({ component, has: hasSvn, needs, advisoryIds })
  }
  const advisories = evaluation.platform.advisoryIds
  const target = lowestGood(tcbInfo.levels)
  target?.sgxComponents.forEach((component, i) => {
    add(name('sgx', i, component), has.sgxComponents[i] ?? 0, component.svn, advisories)
  })
  if (target !== undefined) add('pce', has.pceSvn, target.pceSvn, advisories)
  if (teeTcbSvn !== undefined) {
    target?.tdxComponents.forEach((component, i) => {
      if (i >= firstTdxComponent(teeTcbSvn))
        add(name('tdx', i, component), teeTcbSvn[i] ?? 0, component.svn, advisories)
    })
    const module = lowestGood(findModule(tcbInfo, teeTcbSvn).levels)
    if (module !== undefined)
      add('tdx-module', teeTcbSvn[0] ?? 0, module.isvSvn, evaluation.tdxModule?.advisoryIds ?? [])
  }
  const qe = lowestGood(qeLevels)
  if (qe !== undefined) add('qe', qeIsvSvn, qe.isvSvn, evaluation.qe.advisoryIds)
  return gaps
}

/** Levels come highest first. Some platforms have no level that is up to date without hardened software. */
function lowestGood<Level extends TcbLevel | SvnLevel>(levels: readonly Level[]): Level | undefined {
  const last = (status: Level['status']): Level | undefined => levels.findLast((level) => level.status === status)
  return last('UpToDate') ?? last('SWHardeningNeeded')
}

function name(kind: string, index: number, component: TcbComponent): string {
  const words = [component.category, component.type].filter((word) => word !== undefined).join(', ')
  return `${kind}[${index}]${words === '' ? '' : ` (${words})`}`
}
