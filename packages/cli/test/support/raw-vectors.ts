import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Endorsements, type EvidenceFormat, type JsonObject, toBase64Url } from '@blindai/core'
import { captures, sgxCaptures } from '../../../verifier/test/support/captures.ts'
import { hclCaptures, hclEvidence } from '../../../verifier/test/support/hcl-captures.ts'
import { nitroCaptures } from '../../../verifier/test/support/nitro-captures.ts'
import { nvidiaCaptures } from '../../../verifier/test/support/nvidia-captures.ts'
import { snpCaptures } from '../../../verifier/test/support/snp-captures.ts'
import { tpmCases } from '../../../verifier/test/support/tpm-captures.ts'

export const ROOT: string = fileURLToPath(new URL('../../../../', import.meta.url))
export const ATTESTATION: string = `${ROOT}vectors/attestation/`

/** A committed capture as the input of `verify --raw`, and what its catalogue expects. */
export interface RawVector {
  readonly folder: string
  readonly name: string
  readonly input: RawJson
  readonly expect: JsonObject
}

export interface RawJson {
  readonly version: 1
  readonly evidence: { readonly format: EvidenceFormat; readonly bytes: string; readonly log?: string }
  readonly endorsements?: Endorsements
  readonly now: number
  readonly policy?: JsonObject
}

interface Captured {
  readonly log?: Uint8Array
  readonly name: string
  readonly endorsements?: Endorsements
  readonly now: number
  readonly policy: JsonObject
  readonly expect: JsonObject
}

function vector(folder: string, format: EvidenceFormat, bytes: Uint8Array, captured: Captured): RawVector {
  const { name, log, endorsements, now, policy, expect } = captured
  const evidence = { format, bytes: toBase64Url(bytes), ...(log && { log: toBase64Url(log) }) }
  return { folder, name, input: { version: 1, evidence, ...(endorsements && { endorsements }), now, policy }, expect }
}

export const rawVectors: readonly RawVector[] = [
  ...captures.map((capture) => vector('tdx', 'tdx', capture.quote, capture)),
  ...sgxCaptures.map((capture) => vector('sgx', 'sgx', capture.quote, capture)),
  ...snpCaptures.map((capture) => vector('snp', 'sev-snp', capture.report, capture)),
  ...hclCaptures.map((capture) => vector('azure-hcl', 'azure-hcl', hclEvidence(capture.parts), capture)),
  ...nitroCaptures.map((capture) => vector('nitro', capture.format, capture.bytes, capture)),
  ...tpmCases.map((capture) => vector('tpm', capture.format, capture.bytes, capture)),
  ...nvidiaCaptures.map((capture) => vector('nvidia', 'nvidia', capture.report, capture)),
]

/** Folders that say what to expect of their captures. */
export const foldersWithCases: readonly string[] = readdirSync(ATTESTATION, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && readdirSync(`${ATTESTATION}${entry.name}`).includes('cases.json'))
  .map(({ name }) => name)

/** The vector of a folder whose name starts so. */
export function rawVector(folder: string, start: string): RawVector {
  const found = rawVectors.find((one) => one.folder === folder && one.name.startsWith(start))
  if (found === undefined) throw new Error(`no such vector: ${folder}, ${start}`)
  return found
}

/** A saved document that was judged without a nonce and a channel, and the bytes of its result. */
export interface SavedDocument {
  readonly path: string
  readonly policy: JsonObject
  readonly now: number
  readonly document: string
  readonly result: string
}

export const savedDocuments: readonly SavedDocument[] = readdirSync(ATTESTATION)
  .filter((folder) => folder.startsWith('simulated'))
  .flatMap((folder) => readdirSync(`${ATTESTATION}${folder}`).map((file) => `${folder}/${file}`))
  .filter((path) => !path.endsWith('source.json'))
  .map((path) => ({ path, ...JSON.parse(readFileSync(`${ATTESTATION}${path}`, 'utf8')) }))
  .filter((saved) => saved.nonce === undefined && saved.channel === undefined)
