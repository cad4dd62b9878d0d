import { MalformedError } from '@blindai/core'
import { ObjectReader } from '../json/object-reader.ts'
import type { NvidiaPolicy, NvidiaReference, NvidiaRegister, OptionalNvidiaRegister } from './nvidia-policy.ts'
import { readBooleans, readReferenceHead, readReferences } from './read-members.ts'

export const NVIDIA_REGISTERS: readonly NvidiaRegister[] = ['driverVersion', 'vbiosVersion']
export const OPTIONAL_NVIDIA_REGISTERS: readonly OptionalNvidiaRegister[] = ['chipSku', 'project', 'projectSku']

const MAX_VERSION = 64
const DRIVER_VERSION = { pattern: /^\d{1,6}(?:\.\d{1,6}){1,3}$/, example: 'a version like 550.90.07' }
const VBIOS_VERSION = { pattern: /^[0-9a-f]{2}(?:\.[0-9a-f]{2}){4}$/, example: 'a version like 96.00.9f.00.01' }
const WORD = { pattern: /^[!-~]+$/, example: 'printable text' }

/**
 * Parses the member `nvidia` of a policy; an absent one is that of an empty object.
 *
 * @throws as `parsePolicy` does.
 */
export function readNvidia(parent: ObjectReader): NvidiaPolicy {
  const r = parent.has('nvidia') ? parent.object('nvidia') : new ObjectReader('policy.nvidia', {})
  const policy: NvidiaPolicy = {
    measurements: readNvidiaReferences(r, 'measurements'),
    requireOcsp: r.has('requireOcsp') ? r.boolean('requireOcsp') : true,
    ...(r.has('minimumDriverVersion') && { minimumDriverVersion: like(r, 'minimumDriverVersion', DRIVER_VERSION) }),
    ...(r.has('minimumVbiosVersion') && { minimumVbiosVersion: like(r, 'minimumVbiosVersion', VBIOS_VERSION) }),
    protectedPcie: r.has('protectedPcie') ? readBooleans(r, 'protectedPcie') : [false],
  }
  r.end()
  return policy
}

/** Reference values for GPUs under a member. */
export function readNvidiaReferences(r: ObjectReader, member: string): readonly NvidiaReference[] {
  return readReferences(r, member, (item) => {
    const optional: Partial<Record<OptionalNvidiaRegister, string>> = {}
    for (const register of OPTIONAL_NVIDIA_REGISTERS) {
      if (item.has(register)) optional[register] = like(item, register, WORD)
    }
    const reference = {
      ...readReferenceHead(item),
      driverVersion: like(item, 'driverVersion', DRIVER_VERSION),
      vbiosVersion: like(item, 'vbiosVersion', VBIOS_VERSION),
      ...optional,
    }
    item.end()
    return reference
  })
}

function like(r: ObjectReader, member: string, { pattern, example }: typeof WORD): string {
  const value = r.string(member, MAX_VERSION)
  if (pattern.test(value)) return value
  throw new MalformedError('WRONG_VALUE', { field: `${r.field}.${member}`, expected: example })
}
