import type { EventLogClaims } from '../../result/claims.ts'
import { parseEventLog } from '../event-log/event-log.ts'
import { explainRegisters } from '../event-log/replay.ts'
import type { TdReport } from './td-report.ts'

/**
 * Checks that the log of a trust domain explains its measurement registers. A register into which the log measures nothing
 * is not explained by it; `registers` of what comes out tells which are.
 *
 * Source: UEFI 2.10, chapter 38 (Confidential Computing), "Intel Trust Domain Extension": digests are SHA-384, and
 * register 0 of the log is MRTD, 1 to 4 are RTMR0 to RTMR3. No event can extend MRTD, so one that claims to is refused.
 *
 * @throws as `parseEventLog` and `explainRegisters` do.
 */
export async function explainTdxLog(report: TdReport, bytes: Uint8Array): Promise<EventLogClaims> {
  const log = parseEventLog(bytes, 'cc')
  const registers = [
    { name: 'mrTd', value: report.mrTd },
    { name: 'rtmr0', value: report.rtmr0 },
    { name: 'rtmr1', value: report.rtmr1 },
    { name: 'rtmr2', value: report.rtmr2 },
    { name: 'rtmr3', value: report.rtmr3 },
  ]
  const explained = await explainRegisters(log, 'sha384', new Map(registers.entries()))
  return {
    events: log.events.length,
    registers: registers.filter((_, i) => explained.includes(i)).map(({ name }) => name),
  }
}
