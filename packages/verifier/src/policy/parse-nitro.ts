import type { ObjectReader } from '../json/object-reader.ts'
import type { NitroPolicy, NitroReference, NitroRegister, OptionalNitroRegister } from './nitro-policy.ts'
import { readReferenceHead, readReferences } from './read-members.ts'

export const NITRO_REGISTERS: readonly NitroRegister[] = ['pcr0', 'pcr1', 'pcr2']
export const OPTIONAL_NITRO_REGISTERS: readonly OptionalNitroRegister[] = ['pcr3', 'pcr4', 'pcr8']

/** AWS measures by SHA-384. */
const REGISTER_BYTES = 48

/**
 * Parses the member `nitro` of a policy; an absent one is that of an empty object.
 *
 * @throws as `parsePolicy` does.
 */
export function readNitro(parent: ObjectReader): NitroPolicy {
  if (!parent.has('nitro')) return { measurements: [] }
  const r = parent.object('nitro')
  const policy = { measurements: readNitroReferences(r, 'measurements') }
  r.end()
  return policy
}

/** Reference values for Nitro under a member. */
export function readNitroReferences(r: ObjectReader, member: string): readonly NitroReference[] {
  return readReferences(r, member, (item) => {
    const optional: Partial<Record<OptionalNitroRegister, string>> = {}
    for (const register of OPTIONAL_NITRO_REGISTERS) {
      if (item.has(register)) optional[register] = item.hex(register, REGISTER_BYTES)
    }
    const reference = {
      ...readReferenceHead(item),
      pcr0: item.hex('pcr0', REGISTER_BYTES),
      pcr1: item.hex('pcr1', REGISTER_BYTES),
      pcr2: item.hex('pcr2', REGISTER_BYTES),
      ...optional,
    }
    item.end()
    return reference
  })
}
