import { concatBytes, equalBytes, toHex } from '@blindai/core'
import { VerifierError } from '../../errors/verifier-error.ts'
import { EV_NO_ACTION, type EventLog } from './event-log.ts'
import { type HashName, hashAlgorithm } from './hash-algorithms.ts'

/**
 * What the registers hold after every event of a log was extended into them, by register. One that the log measures
 * nothing into is absent: the log says nothing of it.
 *
 * Source: TPM 2.0 Library, part 1, 17.2 (extend: H(old | digest)); TCG PC Client Platform Firmware Profile 1.06, 10.4.5.3
 * (PCR 0 begins with the start-up locality in its last octet); TCG PC Client Platform TPM Profile, "PCR Initial and Reset
 * Values" (PCRs 17 to 22 begin with ones).
 *
 * @throws {VerifierError} `EVENT_LOG_BANK_MISSING`; {RangeError} for a bank that WebCrypto cannot compute.
 */
export async function replayEventLog(log: EventLog, bank: HashName): Promise<ReadonlyMap<number, Uint8Array>> {
  if (!log.banks.includes(bank)) throw new VerifierError('EVENT_LOG_BANK_MISSING', { bank, banks: log.banks })
  const { webCrypto } = hashAlgorithm(bank)
  if (webCrypto === undefined) throw new RangeError(`a ${bank} bank cannot be replayed`)
  const registers = new Map<number, Uint8Array>()
  for (const { register, type, digests } of log.events) {
    if (type === EV_NO_ACTION) continue
    const old = registers.get(register) ?? initialValue(log, register, bank)
    const extended = concatBytes(old, digests.get(bank) ?? new Uint8Array())
    registers.set(register, new Uint8Array(await crypto.subtle.digest(webCrypto, extended)))
  }
  return registers
}

/**
 * Checks that a log explains registers: that each one which it measures into, of those that are given, has the value to
 * which it replays. What the log says nothing of is not looked at.
 *
 * @param actual - what evidence vouches for, by register, with a name for errors.
 * @returns the registers that the log explains, lowest first; never none.
 * @throws {VerifierError} `EVENT_LOG_MISMATCH`, `EVENT_LOG_EMPTY`, `EVENT_LOG_BANK_MISSING`.
 */
export async function explainRegisters(
  log: EventLog,
  bank: HashName,
  actual: ReadonlyMap<number, { readonly name: string; readonly value: Uint8Array }>,
): Promise<readonly number[]> {
  const replayed = await replayEventLog(log, bank)
  const explained: number[] = []
  for (const [register, { name, value }] of [...actual].sort(([a], [b]) => a - b)) {
    const found = replayed.get(register)
    if (found === undefined) continue
    if (!equalBytes(found, value)) {
      const facts = { register: name, expected: toHex(value), actual: toHex(found) }
      throw new VerifierError('EVENT_LOG_MISMATCH', facts)
    }
    explained.push(register)
  }
  if (explained.length > 0) return explained
  throw new VerifierError('EVENT_LOG_EMPTY', { registers: [...actual.values()].map(({ name }) => name) })
}

/** Registers of a dynamic launch, which the boot of a platform cannot reset. */
const FIRST_DYNAMIC = 17
const LAST_DYNAMIC = 22

function initialValue(log: EventLog, register: number, bank: HashName): Uint8Array {
  const value = new Uint8Array(hashAlgorithm(bank).bytes)
  if (log.kind !== 'tpm') return value
  if (register >= FIRST_DYNAMIC && register <= LAST_DYNAMIC) value.fill(0xff)
  if (register === 0) value[value.byteLength - 1] = log.startupLocality ?? 0
  return value
}
