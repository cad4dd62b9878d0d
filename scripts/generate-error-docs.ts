// Writes docs/errors.md from the error catalogues of all packages. With --check it writes nothing and fails on a difference.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHANNEL_CATALOGUE } from '@blindai/channel'
import { CLIENT_CATALOGUE, SERVER_CATALOGUE } from '@blindai/client'
import { MALFORMED_CATALOGUE } from '@blindai/core'
import { ENDORSEMENT_CATALOGUE } from '@blindai/endorsements'
import { PROTOCOL_CATALOGUE } from '@blindai/protocol'
import { RECEIPT_CATALOGUE } from '@blindai/receipts'
import {
  API_CATALOGUE,
  ATTESTER_CATALOGUE,
  ENGINE_CATALOGUE,
  GATEKEEPER_CATALOGUE,
  INFERENCE_CATALOGUE,
  LEGACY_CATALOGUE,
  MODEL_CATALOGUE,
  SCHEDULER_CATALOGUE,
  TENANT_CATALOGUE,
} from '@blindai/server'
import { SIMULATOR_CATALOGUE } from '@blindai/simulator'
import { STORE_CATALOGUE } from '@blindai/store'
import { POLICY_CATALOGUE, VERIFIER_CATALOGUE } from '@blindai/verifier'
import { CLI_CATALOGUE } from 'blindai'

interface Row {
  readonly message?: (details: never) => string
  readonly hint: string
  /** verifier: malformed, not-proved, not-wanted; client: fix, retry, stop. */
  readonly answer?: string
  readonly family?: string
}

const SECTIONS: readonly { readonly title: string; readonly about: string; readonly catalogue: object }[] = [
  { title: 'Malformed input', about: 'Thrown by every `parse…` function.', catalogue: MALFORMED_CATALOGUE },
  { title: 'Verifier', about: 'The code of a failed check in an attestation result.', catalogue: VERIFIER_CATALOGUE },
  { title: 'Policy', about: 'A policy file that is not one.', catalogue: POLICY_CATALOGUE },
  {
    title: 'Receipts',
    about: 'A receipt that cannot be read, or does not show what it was to show.',
    catalogue: RECEIPT_CATALOGUE,
  },
  { title: 'Channel', about: 'Oblivious HTTP and the channel proof.', catalogue: CHANNEL_CATALOGUE },
  { title: 'Protocol', about: 'Open Inference Protocol messages and tensors.', catalogue: PROTOCOL_CATALOGUE },
  { title: 'Client', about: 'What the SDK finds by itself.', catalogue: CLIENT_CATALOGUE },
  {
    title: 'Server, seen by the client',
    about: 'What the SDK makes of a code in `x-blindai-error`.',
    catalogue: SERVER_CATALOGUE,
  },
  { title: 'Server: interface', about: 'Requests that no room takes.', catalogue: API_CATALOGUE },
  { title: 'Server: models', about: 'Uploads, names, ownership.', catalogue: MODEL_CATALOGUE },
  { title: 'Server: tenants', about: 'Tenants, their keys and what they may take.', catalogue: TENANT_CATALOGUE },
  { title: 'Server: scheduler', about: 'Queues, deadlines, quarantine.', catalogue: SCHEDULER_CATALOGUE },
  { title: 'Server: inference', about: 'What cannot be asked of a model.', catalogue: INFERENCE_CATALOGUE },
  { title: 'Server: engines', about: 'What an engine refuses, or died of.', catalogue: ENGINE_CATALOGUE },
  { title: 'Server: attester', about: 'Collecting evidence.', catalogue: ATTESTER_CATALOGUE },
  { title: 'Server: start', about: 'Why a server does not start.', catalogue: GATEKEEPER_CATALOGUE },
  { title: 'Server: BlindAI 0.6', about: 'Requests of clients of BlindAI 0.6.', catalogue: LEGACY_CATALOGUE },
  { title: 'Endorsements', about: 'Fetching them from services.', catalogue: ENDORSEMENT_CATALOGUE },
  { title: 'Sealed store', about: 'Why a store does not open, or refuses what is in it.', catalogue: STORE_CATALOGUE },
  { title: 'Command line', about: 'What the command finds by itself.', catalogue: CLI_CATALOGUE },
  { title: 'Simulator', about: 'State and measurements of the simulated TEE.', catalogue: SIMULATOR_CATALOGUE },
]

/** Members of a fact that a message may call; they say nothing of its name. */
const METHODS: ReadonlySet<string> = new Set(['join', 'map', 'slice', 'toFixed', 'toString'])

/** What a time that is only a placeholder prints. */
const START_OF_TIME = '1970-01-01T00:00:00Z'

const TARGET = join(import.meta.dirname, '../docs/errors.md')

const page = [
  '# Errors',
  '',
  'Generated from the catalogues in the code by `npm run docs:errors`; do not edit. Codes are public API. `‹…›` stands for a fact of the',
  'occurrence: a field name, a length, a digest, a code; never anything of an input, output, model or key.',
  ...SECTIONS.flatMap(section),
  '',
].join('\n')

if (!process.argv.includes('--check')) writeFileSync(TARGET, page)
else if (readFileSync(TARGET, 'utf8') !== page) {
  console.error('docs/errors.md is not what the catalogues say: run npm run docs:errors')
  process.exitCode = 1
}

function section({ title, about, catalogue }: (typeof SECTIONS)[number]): string[] {
  const rows = Object.entries(catalogue).sort(([a], [b]) => (a < b ? -1 : 1))
  const kind = rows.some(([, row]) => kindOf(row) !== undefined)
  return [
    '',
    `## ${title}`,
    '',
    about,
    '',
    kind ? '| code | kind | says | what to do |' : '| code | says | what to do |',
    kind ? '| --- | --- | --- | --- |' : '| --- | --- | --- |',
    ...rows.map(([code, row]) => {
      const cells = [`\`${code}\``, ...(kind ? [kindOf(row) ?? ''] : []), says(row), row.hint]
      return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
    }),
  ]
}

function kindOf(row: Row): string | undefined {
  return row.answer ?? row.family
}

function says({ message }: Row): string {
  return message === undefined
    ? ''
    : String(Reflect.apply(message, undefined, [placeholder('details')]))
        .replaceAll(START_OF_TIME, '‹time›')
        .replaceAll('undefined', '‹reason›')
}

/** Stands for any details: every member of it prints its own name. */
function placeholder(name: string): object {
  return new Proxy(() => undefined, {
    get: (_, member) => {
      if (member === Symbol.toPrimitive) return (hint: string) => (hint === 'number' ? 0 : `‹${name}›`)
      if (member === 'toString') return () => `‹${name}›`
      return placeholder(typeof member === 'string' && !METHODS.has(member) ? member : name)
    },
    apply: () => placeholder(name),
  })
}
