import { MalformedError } from '@blindai/core'
import { LEVEL_STATUSES } from '../dcap/tcb-status.ts'
import {
  DEFAULT_ALLOWED_SGX_ATTRIBUTES,
  DEFAULT_REQUIRED_SGX_ATTRIBUTES,
  POLICY_SGX_ATTRIBUTES,
  SGX_MISC_SELECTS,
} from '../formats/sgx/attributes.ts'
import { ObjectReader } from '../json/object-reader.ts'
import { TCB_EVALUATION_FLOORS } from './floors.ts'
import { PolicyError } from './policy-error.ts'
import { readDcapPlatforms } from './read-dcap-platform.ts'
import { readDcapTcb } from './read-dcap-tcb.ts'
import { readReferenceHead, readReferences } from './read-members.ts'
import type { AcceptableSgxTcbStatus, SgxPolicy, SgxReference } from './sgx-policy.ts'

const ACCEPTABLE_STATUSES: readonly AcceptableSgxTcbStatus[] = LEVEL_STATUSES.filter((status) => status !== 'Revoked')
const MAX_U16 = 0xffff

/**
 * Parses the member `sgx` of a policy; an absent one is that of an empty object.
 *
 * @throws as `parsePolicy` does.
 */
export function readSgx(parent: ObjectReader): SgxPolicy {
  const r = parent.has('sgx') ? parent.object('sgx') : new ObjectReader('policy.sgx', {})
  const policy: SgxPolicy = {
    measurements: readSgxReferences(r, 'measurements'),
    ...readDcapTcb(r, ACCEPTABLE_STATUSES, TCB_EVALUATION_FLOORS.sgx),
    platforms: readDcapPlatforms(r),
    allowedAttributes: r.has('allowedAttributes')
      ? r.words('allowedAttributes', POLICY_SGX_ATTRIBUTES)
      : DEFAULT_ALLOWED_SGX_ATTRIBUTES,
    requiredAttributes: r.has('requiredAttributes')
      ? r.words('requiredAttributes', POLICY_SGX_ATTRIBUTES)
      : DEFAULT_REQUIRED_SGX_ATTRIBUTES,
    allowedMiscSelect: r.has('allowedMiscSelect') ? r.words('allowedMiscSelect', SGX_MISC_SELECTS) : SGX_MISC_SELECTS,
  }
  r.end()
  const forbidden = policy.requiredAttributes.find((attribute) => !policy.allowedAttributes.includes(attribute))
  if (forbidden !== undefined) {
    const fields = { field: 'policy.sgx.requiredAttributes', other: 'policy.sgx.allowedAttributes' }
    throw new PolicyError('POLICY_CONTRADICTION', { ...fields, value: forbidden })
  }
  return policy
}

/** Reference values for SGX under a member. */
export function readSgxReferences(r: ObjectReader, member: string): readonly SgxReference[] {
  return readReferences(r, member, (item) => {
    const reference: SgxReference = {
      ...readReferenceHead(item),
      ...(item.has('mrEnclave') && { mrEnclave: item.hex('mrEnclave', 32) }),
      ...readSigner(item),
      ...(item.has('configId') && { configId: item.hex('configId', 64) }),
      ...(item.has('minimumConfigSvn') && { minimumConfigSvn: item.integer('minimumConfigSvn', 0, MAX_U16) }),
      ...(item.has('isvFamilyId') && { isvFamilyId: item.hex('isvFamilyId', 16) }),
      ...(item.has('isvExtProdId') && { isvExtProdId: item.hex('isvExtProdId', 16) }),
    }
    item.end()
    if (reference.mrEnclave === undefined && reference.mrSigner === undefined) {
      throw new MalformedError('MISSING_MEMBER', { field: item.field, member: 'mrEnclave' })
    }
    return reference
  })
}

/** Signer, product and version stand together or not at all: a version of nobody's product says nothing. */
function readSigner(item: ObjectReader): Pick<SgxReference, 'mrSigner' | 'isvProdId' | 'minimumIsvSvn'> {
  if (!['mrSigner', 'isvProdId', 'minimumIsvSvn'].some((member) => item.has(member))) return {}
  return {
    mrSigner: item.hex('mrSigner', 32),
    isvProdId: item.integer('isvProdId', 0, MAX_U16),
    minimumIsvSvn: item.integer('minimumIsvSvn', 0, MAX_U16),
  }
}
