import { authority, REFERENCE } from '../support/mock.ts'
import { everyLevel, flip, hex, type Refusal, refuse, tdx, zeros48 } from '../support/refusal.ts'

refuse('genuine and not wanted', 'contraindicated', [
  {
    code: 'TCB_STATUS_NOT_ACCEPTED',
    check: 'policy.tcb-status',
    why: 'a platform whose level is out of date',
    changes: { tcbInfo: (i) => everyLevel(i, { tcbStatus: 'OutOfDate' }) },
    details: { actual: 'OutOfDate' },
  },
  {
    code: 'TCB_STATUS_NOT_ACCEPTED',
    check: 'policy.tcb-status',
    why: 'a revoked platform',
    changes: { tcbInfo: (i) => everyLevel(i, { tcbStatus: 'Revoked' }) },
    details: { actual: 'Revoked' },
  },
  {
    code: 'TCB_STATUS_NOT_ACCEPTED',
    check: 'policy.tcb-status',
    why: 'a platform in need of configuration',
    changes: { tcbInfo: (i) => everyLevel(i, { tcbStatus: 'ConfigurationNeeded' }) },
    details: { actual: 'ConfigurationNeeded' },
  },
  {
    code: 'TCB_STATUS_NOT_ACCEPTED',
    check: 'policy.tcb-status',
    why: 'an outdated TDX module on a platform that is up to date',
    changes: { tdReport: (r) => ({ ...r, teeTcbSvn: r.teeTcbSvn.map((svn, i) => (i === 0 ? 1 : svn)) }) },
    details: { actual: 'OutOfDate' },
  },
  {
    code: 'TCB_DATE_TOO_OLD',
    check: 'policy.tcb-date',
    why: 'a TCB of before the date that the policy names',
    policy: tdx({ minimumTcbDate: '2026-11-02' }),
  },
  {
    code: 'ADVISORY_DENIED',
    check: 'policy.advisories',
    why: 'an advisory that the policy denies',
    changes: { tcbInfo: (i) => everyLevel(i, { advisoryIDs: ['INTEL-SA-00001'] }) },
    policy: tdx({ advisories: { deny: ['INTEL-SA-00001'] } }),
  },
  {
    code: 'ADVISORY_NOT_ALLOWED',
    check: 'policy.advisories',
    why: 'an advisory that is not among those allowed',
    changes: { tcbInfo: (i) => everyLevel(i, { advisoryIDs: ['INTEL-SA-00001', 'INTEL-SA-00002'] }) },
    policy: tdx({ advisories: { allow: ['INTEL-SA-00001'] } }),
    details: { advisory: 'INTEL-SA-00002' },
  },
  {
    code: 'EVIDENCE_AGE_UNKNOWN',
    check: 'policy.evidence-age',
    why: 'cached evidence when the policy limits its age',
    policy: (p) => ({ ...p, maximumEvidenceAgeSeconds: 60 }),
  },
  {
    code: 'TD_DEBUG',
    check: 'tdx.debug',
    why: 'a trust domain in debug mode',
    changes: { tdReport: (r) => ({ ...r, tdAttributes: hex('0100001000000000') }) },
  },
  {
    code: 'TD_ATTRIBUTE_NOT_ALLOWED',
    check: 'tdx.attributes',
    why: 'a trust domain that may be migrated',
    changes: { tdReport: (r) => ({ ...r, tdAttributes: hex('0000003000000000') }) },
    details: { attribute: 'MIGRATABLE', bit: 29 },
  },
  {
    code: 'TD_ATTRIBUTE_RESERVED',
    check: 'tdx.attributes',
    why: 'a trust domain with a reserved attribute',
    changes: { tdReport: (r) => ({ ...r, tdAttributes: hex('0000001001000000') }) },
    details: { bit: 32 },
  },
  {
    code: 'TD_ATTRIBUTE_REQUIRED',
    check: 'tdx.attributes',
    why: 'a trust domain without an attribute that the policy requires',
    changes: { tdReport: (r) => ({ ...r, tdAttributes: hex('0000000000000000') }) },
    policy: tdx({ requiredAttributes: ['SEPT_VE_DISABLE'] }),
    details: { attribute: 'SEPT_VE_DISABLE' },
  },
  ...(['mrTd', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'] as const).map(
    (register): Refusal => ({
      code: 'MEASUREMENT_MISMATCH',
      check: 'policy.measurement',
      why: `one bit of ${register}`,
      changes: { tdReport: (r) => ({ ...r, [register]: flip(r[register], 0) }) },
      details: { reference: 'test release', register, expected: REFERENCE[register], differing: [register] },
    }),
  ),
  {
    code: 'MEASUREMENT_MISMATCH',
    check: 'policy.measurement',
    why: 'a register that the reference value names besides',
    policy: (p) => ({
      ...p,
      simulated: { rootSha256: [authority.rootSha256], measurements: [{ ...REFERENCE, mrOwner: '11'.repeat(48) }] },
    }),
    details: { register: 'mrOwner', actual: zeros48 },
  },
  {
    code: 'MEASUREMENT_MISMATCH',
    check: 'policy.measurement',
    why: 'a register that a quote of version 4 does not have',
    policy: (p) => ({
      ...p,
      simulated: { rootSha256: [authority.rootSha256], measurements: [{ ...REFERENCE, mrServiceTd: zeros48 }] },
    }),
    details: { register: 'mrServiceTd', actual: '(absent)' },
  },
  {
    code: 'SOFTWARE_NOT_ACCEPTED',
    check: 'policy.software',
    why: 'software of another digest',
    policy: (p) => ({ ...p, softwareDigests: ['44'.repeat(32)] }),
  },
  ...(
    [
      ['isolation', ['reduced'], 'full'],
      ['unattestedClients', [true], 'false'],
      ['legacyListeners', [true], 'false'],
      ['crossTenantBatching', [true], 'false'],
      ['sharedEngines', [true], 'false'],
    ] as const
  ).map(
    ([member, accepted, actual]): Refusal => ({
      code: 'CONFIG_NOT_ACCEPTED',
      check: 'policy.config',
      why: `a configuration with another ${member}`,
      policy: (p) => ({ ...p, config: { [member]: accepted } }),
      details: { member, actual },
    }),
  ),
  ...(
    [
      ['isolation', 'none', 'none'],
      ['isolation', 'reduced', 'reduced'],
      ['unattestedClients', true, 'true'],
      ['legacyListeners', true, 'true'],
      ['crossTenantBatching', true, 'true'],
      ['sharedEngines', true, 'true'],
      ['peers', ['https://peer.example'], 'https://peer.example'],
    ] as const
  ).map(
    ([member, said, actual]): Refusal => ({
      code: 'CONFIG_NOT_ACCEPTED',
      check: 'policy.config',
      why: `${member} ${actual}, under a policy that does not speak of it`,
      statement: (statement) => ({ ...statement, config: { ...statement.config, [member]: said } }),
      details: { member, actual },
    }),
  ),
])
