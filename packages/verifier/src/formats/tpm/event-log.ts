import type { TpmEventLogClaims } from '../../result/tpm-claims.ts'
import { parseEventLog } from '../event-log/event-log.ts'
import { explainRegisters } from '../event-log/replay.ts'
import { BANK_NAMES, BANKS } from './evidence.ts'
import type { PcrBanks } from './pcr-values.ts'

/**
 * Checks that the log of a boot explains the quoted registers: that each one which it measures into has, in every bank of the
 * quote, the value to which it replays. Registers that hold something and of which it says nothing are named: the kernel's own
 * measurements (PCR 10) are among them, since the firmware's log ends before they begin.
 *
 * @throws as `parseEventLog` and `explainRegisters` do.
 */
export async function explainTpmLog(banks: PcrBanks, bytes: Uint8Array): Promise<TpmEventLogClaims> {
  const log = parseEventLog(bytes, 'tpm')
  const registers: string[] = []
  const unexplained: string[] = []
  for (const bank of BANK_NAMES) {
    const values = [...(banks.get(BANKS[bank]) ?? [])]
    if (values.length === 0) continue
    const nameOf = (pcr: number): string => `${bank} PCR ${pcr}`
    const named = values.map(([pcr, value]) => [pcr, { name: nameOf(pcr), value }] as const)
    const explained = await explainRegisters(log, bank, new Map(named))
    registers.push(...explained.map(nameOf))
    const rest = values.filter(([pcr, value]) => !explained.includes(pcr) && !isInitial(value))
    unexplained.push(...rest.map(([pcr]) => nameOf(pcr)))
  }
  return { events: log.events.length, registers, unexplained }
}

/** Zeros; ones where only a dynamic launch resets. Source: PC Client Platform TPM Profile, "PCR Initial and Reset Values". */
function isInitial(value: Uint8Array): boolean {
  return value.every((byte) => byte === 0) || value.every((byte) => byte === 0xff)
}
