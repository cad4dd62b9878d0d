/// <reference types="vite/client" />

import type { EvidenceFormat } from '@blindai/core'
import { describe, expect, test, vi } from 'vitest'
import { LEVEL_STATUSES, type TcbStatus } from '../src/dcap/tcb-status.ts'

/** As much of a refusal as is counted. */
interface Refused {
  readonly code: string
  readonly check: string
  readonly why: string
  readonly details?: { readonly actual?: unknown }
}

/** A refusal, and what its helper makes documents of. */
interface Entry extends Refused {
  readonly technology: string
}

/** What the helper of each format is called by; a helper without a prefix is that of Intel's two. */
const TECHNOLOGY: { readonly [F in EvidenceFormat]: string } = {
  tdx: 'tdx',
  simulated: 'tdx',
  sgx: 'sgx',
  'simulated-sgx': 'sgx',
  'sev-snp': 'snp',
  'simulated-sev-snp': 'snp',
  nitro: 'nitro',
  'simulated-nitro': 'nitro',
  tpm: 'tpm',
  'simulated-tpm': 'tpm',
  nvidia: 'nvidia',
  'simulated-nvidia': 'nvidia',
  'azure-hcl': 'hcl',
  'simulated-azure-hcl': 'hcl',
}
const FORMATS = [
  'tdx',
  'sgx',
  'sev-snp',
  'azure-hcl',
  'nitro',
  'tpm',
  'nvidia',
] as const satisfies readonly EvidenceFormat[]

/** Every refusal of every file: the helpers that make tests of them hand them over instead. */
const catalogue: Entry[] = []
for (const helper of Object.keys(import.meta.glob('./support/*refusal.ts'))) {
  const prefix = /^\.\/support\/(?:(.*)-)?refusal\.ts$/.exec(helper)?.[1]
  vi.doMock(helper, async (original) => {
    const module = await original<Record<string, unknown>>()
    const collect = (_name: string, _usual: string, refusals: readonly Refused[], tee = 'tdx'): void => {
      for (const refusal of refusals) catalogue.push({ ...refusal, technology: prefix ?? tee })
    }
    const makers = Object.keys(module).filter((name) => name.startsWith('refuse'))
    return { ...module, ...Object.fromEntries(makers.map((name) => [name, collect])) }
  })
}
for (const load of Object.values(import.meta.glob('./refusals/*.test.ts'))) await load()

describe('the catalogue of documents with one thing wrong', () => {
  test('has at least 150 of them, by at least 60 codes', () => {
    expect(catalogue.length).toBeGreaterThanOrEqual(150)
    expect(new Set(catalogue.map(({ code }) => code)).size).toBeGreaterThanOrEqual(60)
  })
  test('has no two by one name', () => {
    const names = catalogue.map(({ technology, code, why }) => `${technology} ${code}: ${why}`)
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
  })
  for (const format of FORMATS) {
    test(`has some of ${format}: malformed, not proved and not wanted`, () => {
      const checks = catalogue.filter((one) => one.technology === TECHNOLOGY[format]).map(({ check }) => check)
      const kinds = [/\.form$/, /^(?!.*\.form$)(?!policy\.)/, /^policy\./]
      expect(kinds.filter((kind) => checks.some((check) => kind.test(check)))).toEqual(kinds)
    })
  }
  for (const [technology, relaunch] of [
    ['tdx', ['TDRelaunchAdvised', 'TDRelaunchAdvisedConfigurationNeeded']],
    ['sgx', []],
  ] as const) {
    test(`has every TCB status of ${technology}`, () => {
      const refused = catalogue
        .filter((one) => one.technology === technology && one.code === 'TCB_STATUS_NOT_ACCEPTED')
        .map(({ details }) => details?.actual)
      const all: readonly TcbStatus[] = [...LEVEL_STATUSES, ...relaunch]
      expect(all.filter((status) => !refused.includes(status))).toEqual([])
    })
  }
})
