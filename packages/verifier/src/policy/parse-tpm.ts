import { MalformedError } from '@blindai/core'
import { HASH_BYTES } from '../formats/tpm/algorithms.ts'
import { BANK_NAMES, BANKS } from '../formats/tpm/evidence.ts'
import type { ObjectReader } from '../json/object-reader.ts'
import { parseDate } from '../time.ts'
import { PolicyError } from './policy-error.ts'
import { MAX_LIST, MAX_NAME, readDigests, readReferenceHead, readReferences } from './read-members.ts'
import type { TpmAttestationKey, TpmPolicy, TpmReference } from './tpm-policy.ts'

/**
 * Registers that keep what a boot left in them. 16 and 23 are cleared by whoever asks. Source: PC Client Platform TPM Profile,
 * section 4.6.
 */
const LASTING_PCRS: readonly number[] = [...Array(16).keys(), 17, 18, 19, 20, 21, 22]

/** A name: the number of SHA-256 or SHA-384, and as many bytes as the hash has. */
const NAME = /^(?:000b[0-9a-f]{64}|000c[0-9a-f]{96})$/

/**
 * Parses the member `tpm` of a policy; an absent one is that of an empty object.
 *
 * @param simulatedRoots - those that the policy names as simulated.
 * @throws as `parsePolicy` does.
 */
export function readTpm(parent: ObjectReader, simulatedRoots: readonly string[]): TpmPolicy {
  if (!parent.has('tpm')) return { measurements: [], attestationKeys: [], akRoots: [], cloudRoots: true, ekRoots: [] }
  const r = parent.object('tpm')
  const policy = {
    measurements: readTpmReferences(r, 'measurements'),
    attestationKeys: r.has('attestationKeys') ? r.objects('attestationKeys', MAX_LIST).map(readKey) : [],
    akRoots: r.has('akRoots') ? readDigests(r, 'akRoots') : [],
    cloudRoots: r.has('cloudRoots') ? r.boolean('cloudRoots') : true,
    ekRoots: r.has('ekRoots') ? readDigests(r, 'ekRoots') : [],
  }
  r.end()
  const value = policy.akRoots.find((root) => simulatedRoots.includes(root))
  if (value === undefined) return policy
  throw new PolicyError('POLICY_CONTRADICTION', {
    field: 'policy.tpm.akRoots',
    other: 'policy.simulated.rootSha256',
    value,
  })
}

/** Reference values for a TPM under a member. */
export function readTpmReferences(r: ObjectReader, member: string): readonly TpmReference[] {
  return readReferences(r, member, (item) => {
    const reference = { ...readReferenceHead(item), ...readTpmValues(item) }
    item.end()
    return reference
  })
}

/** The bank and the values of a reference value. */
export function readTpmValues(item: ObjectReader): Pick<TpmReference, 'bank' | 'pcrs'> {
  const bank = item.has('bank') ? item.word('bank', BANK_NAMES) : 'sha256'
  return { bank, pcrs: readPcrs(item.object('pcrs'), HASH_BYTES[BANKS[bank]]) }
}

function readPcrs(r: ObjectReader, bytes: number): { readonly [pcr: string]: string } {
  const pcrs = LASTING_PCRS.map(String).filter((pcr) => r.has(pcr))
  const values = Object.fromEntries(pcrs.map((pcr) => [pcr, r.hex(pcr, bytes)]))
  r.end()
  if (pcrs.length > 0) return values
  throw new MalformedError('WRONG_VALUE', { field: r.field, expected: 'with at least one register' })
}

function readKey(r: ObjectReader): TpmAttestationKey {
  const name = r.string('name', 100).toLowerCase()
  if (!NAME.test(name)) {
    const expected = 'a name of a TPM: 000b and 32 bytes, or 000c and 48 bytes, in hexadecimal'
    throw new MalformedError('WRONG_VALUE', { field: `${r.field}.name`, expected })
  }
  const date = r.string('date', 10)
  parseDate(`${r.field}.date`, date)
  const key = { name, date, ...(r.has('label') && { label: r.string('label', MAX_NAME) }) }
  r.end()
  return key
}
