import { MalformedError } from '@blindai/core'
import type { EndorsementKeyKind } from '../formats/snp/endorsement-key.ts'
import { DEFAULT_GUEST_POLICY, SNP_POLICY_BITS } from '../formats/snp/guest-policy.ts'
import { DEFAULT_REQUIRED_PLATFORM_INFO, SNP_PLATFORM_BITS } from '../formats/snp/platform-info.ts'
import { SNP_PRODUCTS, type SnpProduct } from '../formats/snp/product.ts'
import { componentsOf, SNP_TCB_NAMES, type SnpTcb } from '../formats/snp/tcb-version.ts'
import { ObjectReader } from '../json/object-reader.ts'
import { SNP_TCB_FLOORS } from './floors.ts'
import { PolicyError } from './policy-error.ts'
import {
  MAX_LIST,
  MAX_NAME,
  readBooleans,
  readDigests,
  readReferenceHead,
  readReferences,
  refuseBoth,
} from './read-members.ts'
import type { ChipPolicy, OptionalSnpRegister, SevSnpPolicy, SnpMinimumTcb, SnpReference } from './sev-snp-policy.ts'

export const SNP_REGISTERS: readonly 'measurement'[] = ['measurement']
export const OPTIONAL_SNP_REGISTERS: readonly OptionalSnpRegister[] = [
  'hostData',
  'idKeyDigest',
  'authorKeyDigest',
  'familyId',
  'imageId',
]

/** Bytes of each of those. */
export const SNP_REGISTER_BYTES: { readonly [R in OptionalSnpRegister]: number } = {
  hostData: 32,
  idKeyDigest: 48,
  authorKeyDigest: 48,
  familyId: 16,
  imageId: 16,
}
const SIGNING_KEYS: readonly EndorsementKeyKind[] = ['VCEK', 'VLEK']
const DEFAULT_SIGNING_KEYS: readonly EndorsementKeyKind[] = ['VCEK']
const HIGHEST_VMPL = 3

/**
 * Parses the member `sevSnp` of a policy; an absent one is that of an empty object.
 *
 * @throws as `parsePolicy` does.
 */
export function readSevSnp(parent: ObjectReader): SevSnpPolicy {
  const r = parent.has('sevSnp') ? parent.object('sevSnp') : new ObjectReader('policy.sevSnp', {})
  const has = (member: string): boolean => r.has(member)
  const policy: SevSnpPolicy = {
    measurements: readSnpReferences(r, 'measurements'),
    products: has('products') ? r.words('products', SNP_PRODUCTS) : SNP_PRODUCTS,
    signingKeys: has('signingKeys') ? r.words('signingKeys', SIGNING_KEYS) : DEFAULT_SIGNING_KEYS,
    ...(has('vlekProviders') && { vlekProviders: r.strings('vlekProviders', MAX_LIST, MAX_NAME) }),
    minimumTcb: readMinimumTcb(has('minimumTcb') ? r.object('minimumTcb') : undefined),
    requireCrl: has('requireCrl') ? r.boolean('requireCrl') : true,
    guestPolicy: has('guestPolicy') ? readGuestPolicy(r.object('guestPolicy')) : DEFAULT_GUEST_POLICY,
    vmpl: has('vmpl') ? readVmpl(r) : [0],
    requiredPlatformInfo: has('requiredPlatformInfo')
      ? r.words('requiredPlatformInfo', SNP_PLATFORM_BITS)
      : DEFAULT_REQUIRED_PLATFORM_INFO,
    allowedPlatformInfo: has('allowedPlatformInfo')
      ? r.words('allowedPlatformInfo', SNP_PLATFORM_BITS)
      : SNP_PLATFORM_BITS,
    chipIds: has('chipIds') ? readChips(r.object('chipIds')) : { deny: [] },
    ...(has('idKeyDigests') && { idKeyDigests: readDigests(r, 'idKeyDigests', 48) }),
    ...(has('authorKeyDigests') && { authorKeyDigests: readDigests(r, 'authorKeyDigests', 48) }),
    ...(has('minimumGuestSvn') && { minimumGuestSvn: r.integer('minimumGuestSvn', 0, 0xffff_ffff) }),
  }
  r.end()
  const forbidden = policy.requiredPlatformInfo.find((bit) => !policy.allowedPlatformInfo.includes(bit))
  if (forbidden !== undefined) {
    const fields = { field: 'policy.sevSnp.requiredPlatformInfo', other: 'policy.sevSnp.allowedPlatformInfo' }
    throw new PolicyError('POLICY_CONTRADICTION', { ...fields, value: forbidden })
  }
  return policy
}

/** Reference values for SEV-SNP under a member. */
export function readSnpReferences(r: ObjectReader, member: string): readonly SnpReference[] {
  return readReferences(r, member, (item) => {
    const optional: Partial<Record<OptionalSnpRegister, string>> = {}
    for (const register of OPTIONAL_SNP_REGISTERS) {
      if (item.has(register)) optional[register] = item.hex(register, SNP_REGISTER_BYTES[register])
    }
    const reference = { ...readReferenceHead(item), measurement: item.hex('measurement', 48), ...optional }
    item.end()
    return reference
  })
}

/** What the policy names replaces a number of the floor; the others stand. */
function readMinimumTcb(r: ObjectReader | undefined): SevSnpPolicy['minimumTcb'] {
  const minimum = {
    Milan: readProduct(r, 'Milan'),
    Genoa: readProduct(r, 'Genoa'),
    Turin: readProduct(r, 'Turin'),
  }
  r?.end()
  return minimum
}

function readProduct(parent: ObjectReader | undefined, product: SnpProduct): SnpMinimumTcb {
  const r = parent?.has(product) === true ? parent.object(product) : undefined
  const [reported, committed, current, launch] = SNP_TCB_NAMES.map((name) =>
    r?.has(name) === true ? readTcb(r.object(name), product) : SNP_TCB_FLOORS[product],
  )
  r?.end()
  const floor = SNP_TCB_FLOORS[product]
  return {
    reported: reported ?? floor,
    committed: committed ?? floor,
    current: current ?? floor,
    launch: launch ?? floor,
  }
}

function readTcb(r: ObjectReader, product: SnpProduct): SnpTcb {
  const named = componentsOf(product).filter((component) => r.has(component))
  const tcb = {
    ...SNP_TCB_FLOORS[product],
    ...Object.fromEntries(named.map((component) => [component, r.integer(component, 0, 255)])),
  }
  r.end()
  return tcb
}

function readGuestPolicy(r: ObjectReader): SevSnpPolicy['guestPolicy'] {
  const named = SNP_POLICY_BITS.filter((bit) => r.has(bit)).map((bit) => [bit, readBooleans(r, bit)])
  r.end()
  return { ...DEFAULT_GUEST_POLICY, ...Object.fromEntries(named) }
}

function readVmpl(r: ObjectReader): readonly number[] {
  return r.array('vmpl', HIGHEST_VMPL + 1).map((item, i) => {
    if (typeof item === 'number' && Number.isInteger(item) && item >= 0 && item <= HIGHEST_VMPL) return item
    throw new MalformedError('WRONG_VALUE', { field: `${r.field}.vmpl[${i}]`, expected: `from 0 to ${HIGHEST_VMPL}` })
  })
}

function readChips(r: ObjectReader): ChipPolicy {
  const allow = r.has('allow') ? readDigests(r, 'allow', 64) : undefined
  const deny = r.has('deny') ? readDigests(r, 'deny', 64) : []
  r.end()
  refuseBoth(r, allow, deny)
  return allow === undefined ? { deny } : { allow, deny }
}
