import { type JsonObject, toHex } from '@blindai/core'
import { judge, type Tee } from '../support/mock.ts'
import { type Refusal, refuse } from '../support/refusal.ts'

const accepted = await judge()
const claims = accepted.claims
if (claims === undefined || !('platform' in claims) || !('fmspc' in claims.platform)) throw new Error('no platform')
const { fmspc, ppid, platformInstanceId = '' } = claims.platform
const other = (value: string): string => toHex(new Uint8Array(value.length / 2).fill(0x77))

/** Each name of a platform, by the lists of a policy for one TEE. */
const refusals = (tee: Tee): readonly Refusal[] =>
  (
    [
      ['fmspc', fmspc],
      ['ppid', ppid],
      ['platformInstanceId', platformInstanceId],
    ] as const
  ).flatMap(([identifier, value]): readonly Refusal[] => {
    const platforms =
      (lists: JsonObject): Refusal['policy'] & object =>
      (policy) => ({ ...policy, [tee]: { platforms: { [identifier]: lists } } })
    return [
      {
        code: 'PLATFORM_DENIED',
        check: 'policy.platform',
        why: `a denied ${identifier}`,
        policy: platforms({ deny: [other(value), value] }),
        details: { identifier, value },
      },
      {
        code: 'PLATFORM_NOT_ALLOWED',
        check: 'policy.platform',
        why: `a ${identifier} that is not among those allowed`,
        policy: platforms({ allow: [other(value)] }),
        details: { identifier, value },
      },
    ]
  })

refuse('a TDX platform that is genuine and not wanted', 'contraindicated', refusals('tdx'))
refuse('an SGX platform that is genuine and not wanted', 'contraindicated', refusals('sgx'), 'sgx')
