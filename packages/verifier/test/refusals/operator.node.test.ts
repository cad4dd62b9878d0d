import type { JsonObject } from '@blindai/core'
import { STATEMENT } from '../support/mock.ts'
import { type Refusal, refuse } from '../support/refusal.ts'

/** A policy that speaks of one member of the statement's `config`. */
const config =
  (members: JsonObject): Refusal['policy'] & object =>
  (policy) => ({ ...policy, config: members })
const said =
  (members: object): Refusal['statement'] & object =>
  (statement) => ({ ...statement, config: { ...statement.config, ...members } })

const [OURS = ''] = STATEMENT.config.credentials
const THEIRS = '55'.repeat(32)

refuse('a server that is not run as it should be', 'contraindicated', [
  {
    code: 'OPERATOR_KEY_NOT_ACCEPTED',
    check: 'policy.operator-key',
    why: 'another key than the one that is accepted',
    policy: config({ credentials: [THEIRS] }),
    details: { accepted: [THEIRS], actual: OURS },
  },
  {
    code: 'OPERATOR_KEY_NOT_ACCEPTED',
    check: 'policy.operator-key',
    why: 'another key beside an accepted one',
    policy: config({ credentials: [OURS] }),
    statement: said({ credentials: [OURS, THEIRS] }),
    details: { actual: THEIRS },
  },
  {
    code: 'OPERATOR_KEY_NOT_ACCEPTED',
    check: 'policy.operator-key',
    why: 'no key where one is wanted',
    policy: config({ credentials: [OURS] }),
    statement: said({ credentials: [] }),
    details: { actual: '(none)' },
  },
  {
    code: 'OPERATOR_KEY_NOT_ACCEPTED',
    check: 'policy.operator-key',
    why: 'a key where none is wanted',
    policy: config({ credentials: [] }),
    details: { accepted: [], actual: OURS },
  },
  {
    code: 'CONFIG_NOT_ACCEPTED',
    check: 'policy.key-source',
    why: 'keys from another source',
    policy: config({ keySource: ['tpm'] }),
    details: { member: 'keySource', actual: 'ephemeral' },
  },
  {
    code: 'CONFIG_NOT_ACCEPTED',
    check: 'policy.config-digest',
    why: 'another configuration as a whole',
    policy: config({ digest: ['66'.repeat(32)] }),
    details: { member: 'digest', actual: '22'.repeat(32) },
  },
])
