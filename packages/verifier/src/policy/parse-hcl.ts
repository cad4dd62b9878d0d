import { MalformedError } from '@blindai/core'
import type { ObjectReader } from '../json/object-reader.ts'
import type { HclPolicy, HclReference, HclRegister } from './hcl-policy.ts'
import { OPTIONAL_SNP_REGISTERS, SNP_REGISTER_BYTES } from './parse-sev-snp.ts'
import { readTpmValues } from './parse-tpm.ts'
import { readReferenceHead, readReferences } from './read-members.ts'

/** What the hardware measures by SHA-384: of SEV-SNP the launch digest, of TDX MRTD, and what may be named besides. */
const DIGEST_BYTES = 48
const TDX_REGISTERS: readonly HclRegister[] = [
  'rtmr0',
  'rtmr1',
  'rtmr2',
  'rtmr3',
  'mrSeam',
  'mrConfigId',
  'mrOwner',
  'mrOwnerConfig',
  'mrServiceTd',
]

/** All registers of the hardware, those that decide first. */
export const HCL_REGISTERS: readonly HclRegister[] = [
  'measurement',
  'mrTd',
  ...OPTIONAL_SNP_REGISTERS,
  ...TDX_REGISTERS,
]

/**
 * Parses the member `azureHcl` of a policy; an absent one is that of an empty object.
 *
 * @throws as `parsePolicy` does.
 */
export function readHcl(parent: ObjectReader): HclPolicy {
  if (!parent.has('azureHcl')) return { measurements: [] }
  const r = parent.object('azureHcl')
  const policy = { measurements: readHclReferences(r, 'measurements') }
  r.end()
  return policy
}

/** Reference values for Azure confidential virtual machines under a member. */
export function readHclReferences(r: ObjectReader, member: string): readonly HclReference[] {
  return readReferences(r, member, (item) => {
    const reference = { ...readReferenceHead(item), registers: readRegisters(item), ...readTpmValues(item) }
    item.end()
    return reference
  })
}

/** Those of the hardware that the value is for; one of the other hardware is left, and refused as an unknown member. */
function readRegisters(item: ObjectReader): HclReference['registers'] {
  if (item.has('measurement') === item.has('mrTd')) {
    const expected = 'with either measurement (SEV-SNP) or mrTd (TDX)'
    throw new MalformedError('WRONG_VALUE', { field: item.field, expected })
  }
  if (item.has('mrTd')) {
    const optional = TDX_REGISTERS.filter((register) => item.has(register))
    const named: readonly HclRegister[] = ['mrTd', ...optional]
    return Object.fromEntries(named.map((register) => [register, item.hex(register, DIGEST_BYTES)]))
  }
  const named = OPTIONAL_SNP_REGISTERS.filter((register) => item.has(register))
  const optional = Object.fromEntries(
    named.map((register) => [register, item.hex(register, SNP_REGISTER_BYTES[register])]),
  )
  return { measurement: item.hex('measurement', DIGEST_BYTES), ...optional }
}
