import { toHex } from '@blindai/core'
import type { EnclaveReport } from '../dcap/enclave-report.ts'
import { VerifierError } from '../errors/verifier-error.ts'
import {
  MISC_SELECT_BITS,
  REQUIRED_XFRM,
  SGX_ATTRIBUTE_BITS,
  setBitsOf,
  splitAttributes,
  XFRM_BITS,
} from '../formats/sgx/attributes.ts'
import type { ProvedSgx } from '../formats/sgx/prove-sgx.ts'
import type { NamedReference, Policy } from '../policy/policy.ts'
import type { SgxPolicy, SgxReference } from '../policy/sgx-policy.ts'
import type { SgxClaims } from '../result/sgx-claims.ts'
import type { CheckList } from './check-list.ts'
import { judgeClass } from './judge-class.ts'
import { judgeDcapPlatform } from './judge-dcap-platform.ts'
import { judgeDcapTcb } from './judge-dcap-tcb.ts'
import { judgeMeasurement } from './judge-measurement.ts'

/**
 * Holds proved SGX evidence, real or simulated, against a policy. Every check is made, whatever the others find.
 *
 * @returns the reference value that matched, if one did.
 */
export function judgeSgx(checks: CheckList, proved: ProvedSgx, policy: Policy): NamedReference | undefined {
  const { sgx } = policy
  const { claims, trustClass } = proved
  judgeClass(checks, trustClass, policy)
  judgeEnclave(checks, proved.report, sgx)
  judgeDcapPlatform(checks, claims.platform, sgx.platforms)
  judgeDcapTcb(checks, proved, sgx)
  const references = trustClass === 'simulated' ? (policy.simulated?.sgxMeasurements ?? []) : sgx.measurements
  const expected = references.map((reference) => expectedOf(reference, claims))
  const actual = { format: claims.format, ...valuesOf(claims) }
  return judgeMeasurement<SgxRegister, NamedReference & SgxValues>(checks, actual, expected, SGX_REGISTERS)
}

/** Judges ATTRIBUTES and MISCSELECT alone. */
export function judgeEnclave(
  checks: CheckList,
  report: Pick<EnclaveReport, 'attributes' | 'miscSelect'>,
  policy: SgxPolicy,
): void {
  const attributes = toHex(report.attributes)
  const { flags, xfrm } = splitAttributes(report.attributes)
  const set = setBitsOf(flags, SGX_ATTRIBUTE_BITS)
  checks.judge('sgx.debug', true, () => {
    if (set.some(({ name }) => name === 'DEBUG')) throw new VerifierError('SGX_DEBUG', { attributes })
  })
  checks.judge('sgx.initialized', true, () => {
    if (!set.some(({ name }) => name === 'INIT')) throw new VerifierError('SGX_NOT_INITIALIZED', { attributes })
  })
  checks.judge('sgx.attributes', true, () => {
    for (const { bit, name } of set) {
      if (name === undefined) throw new VerifierError('SGX_ATTRIBUTE_RESERVED', { bit, attributes })
      // These two have checks of their own.
      if (name !== 'DEBUG' && name !== 'INIT' && !policy.allowedAttributes.includes(name)) {
        throw new VerifierError('SGX_ATTRIBUTE_NOT_ALLOWED', { attribute: name, bit, attributes })
      }
    }
    for (const [bit, attribute] of SGX_ATTRIBUTE_BITS) {
      if (policy.requiredAttributes.some((one) => one === attribute) && !set.some((one) => one.bit === bit)) {
        throw new VerifierError('SGX_ATTRIBUTE_REQUIRED', { attribute, bit, attributes })
      }
    }
  })
  checks.judge('sgx.xfrm', true, () => judgeXfrm(xfrm, attributes))
  checks.judge('sgx.misc-select', true, () => {
    const miscSelect = toHex(report.miscSelect)
    for (const { bit, name } of setBitsOf(report.miscSelect, MISC_SELECT_BITS)) {
      if (name === undefined) throw new VerifierError('SGX_MISCSELECT_RESERVED', { bit, miscSelect })
      if (!policy.allowedMiscSelect.includes(name)) {
        throw new VerifierError('SGX_MISCSELECT_NOT_ALLOWED', { name, bit, miscSelect })
      }
    }
  })
}

function judgeXfrm(xfrm: Uint8Array, attributes: string): void {
  const set = setBitsOf(xfrm, XFRM_BITS)
  for (const { bit, name } of set) {
    if (name === undefined) throw new VerifierError('SGX_XFRM_RESERVED', { bit, attributes })
  }
  for (const [bit, feature] of XFRM_BITS) {
    if (REQUIRED_XFRM.includes(feature) && !set.some((one) => one.bit === bit)) {
      throw new VerifierError('SGX_XFRM_REQUIRED', { feature, bit, attributes })
    }
  }
}

type SgxRegister =
  | 'mrEnclave'
  | 'mrSigner'
  | 'isvProdId'
  | 'isvSvn'
  | 'configId'
  | 'configSvn'
  | 'isvFamilyId'
  | 'isvExtProdId'

const SGX_REGISTERS = {
  always: ['mrEnclave', 'mrSigner', 'isvProdId', 'isvSvn'],
  optional: ['configId', 'configSvn', 'isvFamilyId', 'isvExtProdId'],
} as const

/** Registers as texts, so that a mismatch can show both. */
type SgxValues = { readonly [Register in SgxRegister]?: string }

function valuesOf(claims: SgxClaims): { readonly [Register in SgxRegister]: string } {
  const { mrEnclave, mrSigner, configId, isvFamilyId, isvExtProdId } = claims
  const numbers = {
    isvProdId: String(claims.isvProdId),
    isvSvn: String(claims.isvSvn),
    configSvn: String(claims.configSvn),
  }
  return { mrEnclave, mrSigner, configId, isvFamilyId, isvExtProdId, ...numbers }
}

/** What a reference value asks of each register; a version that is high enough is asked for as it is. */
function expectedOf(reference: SgxReference, claims: SgxClaims): NamedReference & SgxValues {
  const { minimumIsvSvn, minimumConfigSvn, isvProdId, ...same } = reference
  return {
    ...same,
    ...(isvProdId !== undefined && { isvProdId: String(isvProdId) }),
    ...(minimumIsvSvn !== undefined && { isvSvn: atLeast(minimumIsvSvn, claims.isvSvn) }),
    ...(minimumConfigSvn !== undefined && { configSvn: atLeast(minimumConfigSvn, claims.configSvn) }),
  }
}

function atLeast(minimum: number, actual: number): string {
  return actual >= minimum ? String(actual) : `at least ${minimum}`
}
