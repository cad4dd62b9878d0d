import type { EvidenceFormat } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { CHECK_SUMMARIES } from '../src/appraisal/check-codes.ts'
import { documentChecks, evidenceChecks, HCL_SNP_CHECKS, HCL_TDX_CHECKS } from '../src/appraisal/check-plans.ts'

/** Codes of one group, by what follows its name. */
const of = (group: string, names: string): readonly string[] => names.split(' ').map((name) => `${group}.${name}`)

const OPENING = ['document.form', 'statement.form', 'evidence.form', 'endorsements.form']
const BINDING = [...of('binding', 'nonce report-data statement-window channel-key'), 'policy.trust-class']
const AGE = ['policy.evidence-age', 'policy.measurement']
const STATEMENT = of('policy', 'software config key-source operator-key config-digest')
const CLOSING = [...AGE, 'policy.optional-registers', ...STATEMENT]
const DCAP = of(
  'dcap',
  'root pck-chain root-crl pck-crl revocation tcb-signer tcb-info qe-identity qe-report attestation-key qe',
)
const DCAP_POLICY = of('policy', 'platform tcb-status tcb-date tcb-evaluation-number advisories')
const SNP = of('snp', 'root chain crl revocation product signing-key chip-id reported-tcb report-signature tcb-order')
const SNP_POLICY = [
  'snp.platform-info',
  ...of('policy', 'product signing-key tcb-minimum mitigations chip id-key author-key guest-svn'),
]
const HCL_SNP = [...SNP, 'hcl.paravisor']
const HCL_SNP_POLICY = [...of('snp', 'debug guest-policy'), ...SNP_POLICY]
const HCL_TDX = [...DCAP, ...of('tdx', 'quote-signature module tcb'), 'hcl.td-report']
const HCL_TDX_POLICY = [...of('tdx', 'debug attributes'), ...DCAP_POLICY]
const TPM = of('tpm', 'ak-attributes ak-chain ak-bound ek-chain quote-signature pcr-digest event-log')

/** The checks of a document, in the order of the result. */
const PLANS: readonly (readonly [EvidenceFormat, EvidenceFormat, readonly string[]])[] = [
  [
    'tdx',
    'simulated',
    [
      ...OPENING,
      ...DCAP,
      ...of('tdx', 'quote-signature module tcb event-log'),
      ...BINDING,
      ...of('tdx', 'debug attributes'),
      ...DCAP_POLICY,
      ...CLOSING,
    ],
  ],
  [
    'sgx',
    'simulated-sgx',
    [
      ...OPENING,
      ...DCAP,
      ...of('sgx', 'quote-signature tcb'),
      ...BINDING,
      ...of('sgx', 'debug initialized attributes xfrm misc-select'),
      ...DCAP_POLICY,
      ...CLOSING,
    ],
  ],
  [
    'sev-snp',
    'simulated-sev-snp',
    [...OPENING, ...SNP, ...BINDING, ...of('snp', 'debug guest-policy vmpl'), ...SNP_POLICY, ...CLOSING],
  ],
  [
    'nitro',
    'simulated-nitro',
    [
      ...OPENING,
      ...of('nitro', 'root chain signature timestamp'),
      ...BINDING,
      'nitro.debug',
      'policy.tcb-status',
      ...CLOSING,
    ],
  ],
  ['tpm', 'simulated-tpm', [...OPENING, ...TPM, ...BINDING, ...AGE, ...STATEMENT]],
  [
    'azure-hcl',
    'simulated-azure-hcl',
    [
      ...OPENING,
      ...HCL_SNP,
      ...HCL_TDX,
      'hcl.runtime-claims',
      ...of('tpm', 'quote-signature pcr-digest event-log'),
      ...BINDING,
      ...HCL_SNP_POLICY,
      ...HCL_TDX_POLICY,
      ...AGE,
      ...STATEMENT,
    ],
  ],
  [
    'nvidia',
    'simulated-nvidia',
    [
      ...OPENING,
      ...of('nvidia', 'root chain report-signature fwid rim-root rim-chain rim-signature rim-match revocation'),
      ...BINDING,
      ...of('nvidia', 'host measurements protected-pcie'),
      ...of('policy', 'driver-version vbios-version'),
      ...CLOSING,
    ],
  ],
]
const OF_DOCUMENTS = [
  'document.form',
  'statement.form',
  ...BINDING.slice(0, 4),
  'nvidia.host',
  'policy.evidence-age',
  ...STATEMENT,
]

describe('the checks', () => {
  for (const [format, simulated, plan] of PLANS) {
    test(`of ${format} are those, in this order`, () => {
      expect(documentChecks(format)).toEqual(plan)
      expect(documentChecks(simulated)).toEqual(plan)
    })
    test(`of ${format} without a document are those that need none`, () => {
      // Nitro signs its own time.
      const needed = format === 'nitro' ? OF_DOCUMENTS.filter((code) => code !== 'policy.evidence-age') : OF_DOCUMENTS
      const bare = plan.filter((code) => !needed.includes(code))
      expect(evidenceChecks(format)).toEqual(bare)
      expect(evidenceChecks(simulated)).toEqual(bare)
    })
  }
  test('of an Azure machine that are left out are those of the other hardware', () => {
    expect(HCL_SNP_CHECKS).toEqual([...HCL_SNP, ...HCL_SNP_POLICY])
    expect(HCL_TDX_CHECKS).toEqual([...HCL_TDX, ...HCL_TDX_POLICY])
  })
  test('each say in words what they ask for', () => {
    for (const summary of Object.values(CHECK_SUMMARIES)) expect(summary).toMatch(/^[a-zA-Z]\S* .{5,}[^.]$/)
  })
  test('are all made of some format', () => {
    const planned = new Set<string>(PLANS.flatMap(([format]) => documentChecks(format)))
    expect([...planned].sort()).toEqual(Object.keys(CHECK_SUMMARIES).sort())
  })
})
