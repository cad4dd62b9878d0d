import { LEVEL_STATUSES, type LevelStatus } from '../../src/dcap/tcb-status.ts'
import type { Tee } from '../support/mock.ts'
import { everyLevel, type Refusal, refuse } from '../support/refusal.ts'

/** Every status that a platform can have; the policy accepts the base's and not the one that comes. */
const statuses = (tee: Tee): readonly Refusal[] =>
  LEVEL_STATUSES.map((status): Refusal => {
    const base: LevelStatus = status === 'UpToDate' ? 'SWHardeningNeeded' : 'UpToDate'
    return {
      code: 'TCB_STATUS_NOT_ACCEPTED',
      check: 'policy.tcb-status',
      why: `a platform that is ${status} where only ${base} will do`,
      base: {
        changes: { tcbInfo: (i) => everyLevel(i, { tcbStatus: base }) },
        policy: (policy) => ({ ...policy, [tee]: { acceptedTcbStatuses: [base] } }),
      },
      changes: { tcbInfo: (i) => everyLevel(i, { tcbStatus: status }) },
      details: { accepted: [base], actual: status },
    }
  })

refuse('a TDX platform of every status', 'contraindicated', statuses('tdx'))
refuse('an SGX platform of every status', 'contraindicated', statuses('sgx'), 'sgx')

/** TDX 1.5 in a version 5 quote: the module's version at launch, and the one that runs now. */
const modules = (atLaunch: number, now: number): Refusal['changes'] & object => ({
  quoteHeader: (header) => ({ ...header, version: 5 }),
  tdReport: (report) => {
    const withSvn = (svn: number) => report.teeTcbSvn.map((component, i) => (i === 0 ? svn : component))
    return { ...report, teeTcbSvn: withSvn(atLaunch), teeTcbSvn2: withSvn(now) }
  },
})

/** SVN 6 is the newest of the simulated module, 1 is out of date. */
refuse('a trust domain that was started under a module that is out of date', 'contraindicated', [
  {
    code: 'TCB_STATUS_NOT_ACCEPTED',
    check: 'policy.tcb-status',
    why: 'a module that was replaced since, TDRelaunchAdvised',
    base: { changes: modules(6, 6) },
    changes: modules(1, 6),
    details: { actual: 'TDRelaunchAdvised' },
  },
  {
    code: 'TCB_STATUS_NOT_ACCEPTED',
    check: 'policy.tcb-status',
    why: 'the same on a platform to be configured, TDRelaunchAdvisedConfigurationNeeded',
    base: {
      changes: { ...modules(6, 6), tcbInfo: (i) => everyLevel(i, { tcbStatus: 'ConfigurationNeeded' }) },
      policy: (policy) => ({ ...policy, tdx: { acceptedTcbStatuses: ['ConfigurationNeeded'] } }),
    },
    changes: { ...modules(1, 6), tcbInfo: (i) => everyLevel(i, { tcbStatus: 'ConfigurationNeeded' }) },
    details: { actual: 'TDRelaunchAdvisedConfigurationNeeded' },
  },
  {
    code: 'TCB_STATUS_NOT_ACCEPTED',
    check: 'policy.tcb-status',
    why: 'a module that is out of date still, OutOfDate',
    base: { changes: modules(6, 6) },
    changes: modules(1, 1),
    details: { actual: 'OutOfDate' },
  },
])
