import { fromUtf8, type JsonValue, MalformedError, parseJson } from '@blindai/core'
import { INTEL_SGX_ROOT_SHA256 } from '../dcap/roots.ts'
import { LEVEL_STATUSES } from '../dcap/tcb-status.ts'
import { AWS_NITRO_ROOT_SHA256 } from '../formats/nitro/roots.ts'
import { AMD_ROOT_SHA256 } from '../formats/snp/roots.ts'
import { ALLOWABLE_ATTRIBUTES, DEFAULT_ALLOWED_ATTRIBUTES, type TdAttribute } from '../formats/tdx/attributes.ts'
import { CLOUD_AK_ROOT_SHA256 } from '../formats/tpm/roots.ts'
import { ObjectReader } from '../json/object-reader.ts'
import { TCB_EVALUATION_FLOORS } from './floors.ts'
import { readHcl, readHclReferences } from './parse-hcl.ts'
import { readNitro, readNitroReferences } from './parse-nitro.ts'
import { readSevSnp, readSnpReferences } from './parse-sev-snp.ts'
import { readSgx, readSgxReferences } from './parse-sgx.ts'
import { readTpm, readTpmReferences } from './parse-tpm.ts'
import type {
  AcceptableTcbStatus,
  ConfigPolicy,
  OptionalTdxRegister,
  Policy,
  SimulatedPolicy,
  TdxPolicy,
  TdxReference,
  TdxRegister,
  TrustClass,
} from './policy.ts'
import { PolicyError } from './policy-error.ts'
import { readDcapTcb } from './read-dcap-tcb.ts'
import { MAX_LIST, MAX_NAME, readBooleans, readDigests, readReferenceHead, readReferences } from './read-members.ts'

const MAX_POLICY_TEXT = 1_048_576

export const TDX_REGISTERS: readonly TdxRegister[] = ['mrTd', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3']
export const OPTIONAL_TDX_REGISTERS: readonly OptionalTdxRegister[] = [
  'mrSeam',
  'mrConfigId',
  'mrOwner',
  'mrOwnerConfig',
  'mrServiceTd',
]

const TRUST_CLASSES: readonly TrustClass[] = ['simulated', 'measured-boot', 'hardware']
const DEFAULT_CLASSES: readonly TrustClass[] = ['hardware']
const ACCEPTABLE_STATUSES: readonly AcceptableTcbStatus[] = [
  ...LEVEL_STATUSES.filter((status) => status !== 'Revoked'),
  'TDRelaunchAdvised',
  'TDRelaunchAdvisedConfigurationNeeded',
]
const VENDOR_ROOTS: readonly string[] = [
  INTEL_SGX_ROOT_SHA256,
  ...Object.values(AMD_ROOT_SHA256),
  AWS_NITRO_ROOT_SHA256,
  ...Object.values(CLOUD_AK_ROOT_SHA256),
]

const parsed = new WeakSet<Policy>()

/** True for what `parsePolicy` of this copy of the package made. */
export function isParsedPolicy(policy: Policy): boolean {
  return parsed.has(policy)
}

/**
 * Parses a policy. What it leaves out gets the strict default; what it does not know is refused.
 *
 * @param input - JSON text, its UTF-8 bytes, or the value.
 * @throws {MalformedError} `NOT_JSON`, `DUPLICATE_MEMBER`, `UNKNOWN_MEMBER`, `MISSING_MEMBER`, `WRONG_TYPE`,
 * `WRONG_VALUE`, `WRONG_LENGTH`, `NOT_HEX`, `TOO_LONG`; {PolicyError} each of its codes.
 */
export function parsePolicy(input: string | Uint8Array | JsonValue): Policy {
  const value = input instanceof Uint8Array ? parseText(fromUtf8('policy', input)) : input
  const policy = readPolicy(new ObjectReader('policy', typeof value === 'string' ? parseText(value) : value))
  parsed.add(freeze(policy))
  return policy
}

function parseText(json: string): JsonValue {
  if (json.length > MAX_POLICY_TEXT) {
    throw new MalformedError('TOO_LONG', { field: 'policy', length: json.length, limit: MAX_POLICY_TEXT })
  }
  return parseJson('policy', json)
}

function readPolicy(r: ObjectReader): Policy {
  r.integer('version', 1, 1)
  const name = r.string('name', MAX_NAME)
  if (r.has('$schema')) r.string('$schema', MAX_NAME)
  const simulated = r.has('simulated') ? readSimulated(r.object('simulated')) : undefined
  const policy: Policy = {
    version: 1,
    name,
    trustClasses: readTrustClasses(r, simulated !== undefined),
    ...(simulated && { simulated }),
    tdx: readTdx(r.has('tdx') ? r.object('tdx') : new ObjectReader('policy.tdx', {})),
    sgx: readSgx(r),
    sevSnp: readSevSnp(r),
    nitro: readNitro(r),
    azureHcl: readHcl(r),
    tpm: readTpm(r, simulated?.rootSha256 ?? []),
    config: readConfig(r.has('config') ? r.object('config') : new ObjectReader('policy.config', {})),
    ...(r.has('softwareDigests') && { softwareDigests: readDigests(r, 'softwareDigests') }),
    ...(r.has('maximumEvidenceAgeSeconds') && {
      maximumEvidenceAgeSeconds: r.integer('maximumEvidenceAgeSeconds', 1, 31_536_000),
    }),
    requirePostQuantum: r.has('requirePostQuantum') ? r.boolean('requirePostQuantum') : false,
  }
  r.end()
  return policy
}

function readTrustClasses(r: ObjectReader, hasSimulatedRoot: boolean): readonly TrustClass[] {
  const named = r.has('trustClasses') ? r.words('trustClasses', TRUST_CLASSES) : DEFAULT_CLASSES
  if (named.length === 0) {
    throw new MalformedError('WRONG_VALUE', { field: 'policy.trustClasses', expected: 'not empty' })
  }
  const namesSimulated = named.includes('simulated')
  if (namesSimulated && !hasSimulatedRoot) {
    throw new PolicyError('POLICY_CLASS_WITHOUT_ROOT', { trustClass: 'simulated' })
  }
  return hasSimulatedRoot && !namesSimulated ? [...named, 'simulated'] : named
}

function readSimulated(r: ObjectReader): SimulatedPolicy {
  const rootSha256 = readDigests(r, 'rootSha256')
  const vendor = VENDOR_ROOTS.find((root) => rootSha256.includes(root))
  if (vendor !== undefined) throw new PolicyError('POLICY_HARDWARE_ROOT_SIMULATED', { rootSha256: vendor })
  const measurements = readReferences(r, 'measurements', readReference)
  const sgxMeasurements = readSgxReferences(r, 'sgxMeasurements')
  const sevSnpMeasurements = readSnpReferences(r, 'sevSnpMeasurements')
  const nitroMeasurements = readNitroReferences(r, 'nitroMeasurements')
  const tpmMeasurements = readTpmReferences(r, 'tpmMeasurements')
  const azureHclMeasurements = readHclReferences(r, 'azureHclMeasurements')
  r.end()
  const own = { sevSnpMeasurements, nitroMeasurements, tpmMeasurements, azureHclMeasurements }
  return { rootSha256, measurements, sgxMeasurements, ...own }
}

function readTdx(r: ObjectReader): TdxPolicy {
  const has = (member: string): boolean => r.has(member)
  const tdx: TdxPolicy = {
    measurements: readReferences(r, 'measurements', readReference),
    ...readDcapTcb(r, ACCEPTABLE_STATUSES, TCB_EVALUATION_FLOORS.tdx),
    allowedAttributes: has('allowedAttributes')
      ? r.words('allowedAttributes', ALLOWABLE_ATTRIBUTES)
      : DEFAULT_ALLOWED_ATTRIBUTES,
    requiredAttributes: has('requiredAttributes') ? r.words('requiredAttributes', ALLOWABLE_ATTRIBUTES) : [],
  }
  r.end()
  refuseForbiddenRequirement(tdx.requiredAttributes, tdx.allowedAttributes)
  return tdx
}

function refuseForbiddenRequirement(required: readonly TdAttribute[], allowed: readonly TdAttribute[]): void {
  const value = required.find((attribute) => !allowed.includes(attribute))
  if (value === undefined) return
  const fields = { field: 'policy.tdx.requiredAttributes', other: 'policy.tdx.allowedAttributes' }
  throw new PolicyError('POLICY_CONTRADICTION', { ...fields, value })
}

function readReference(r: ObjectReader): TdxReference {
  const optional: Partial<Record<OptionalTdxRegister, string>> = {}
  for (const register of OPTIONAL_TDX_REGISTERS) if (r.has(register)) optional[register] = r.hex(register, 48)
  const reference: TdxReference = {
    ...readReferenceHead(r),
    mrTd: r.hex('mrTd', 48),
    rtmr0: r.hex('rtmr0', 48),
    rtmr1: r.hex('rtmr1', 48),
    rtmr2: r.hex('rtmr2', 48),
    rtmr3: r.hex('rtmr3', 48),
    ...optional,
  }
  r.end()
  return reference
}

function readConfig(r: ObjectReader): ConfigPolicy {
  const words = (member: 'keySource' | 'peers'): readonly string[] => r.strings(member, MAX_LIST, MAX_NAME)
  const config: ConfigPolicy = {
    isolation: r.has('isolation') ? r.words('isolation', ['full', 'reduced', 'none']) : ['full'],
    unattestedClients: readSwitch(r, 'unattestedClients'),
    legacyListeners: readSwitch(r, 'legacyListeners'),
    crossTenantBatching: readSwitch(r, 'crossTenantBatching'),
    sharedEngines: readSwitch(r, 'sharedEngines'),
    peers: r.has('peers') ? words('peers') : [],
    ...(r.has('keySource') && { keySource: words('keySource') }),
    ...(r.has('credentials') && { credentials: readDigests(r, 'credentials') }),
    ...(r.has('digest') && { digest: readDigests(r, 'digest') }),
  }
  r.end()
  return config
}

/** Something that weakens the enclave when it is on: off unless the policy names more. */
function readSwitch(r: ObjectReader, member: string): readonly boolean[] {
  return r.has(member) ? readBooleans(r, member) : [false]
}

function freeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) freeze(member)
  return Object.freeze(value)
}
