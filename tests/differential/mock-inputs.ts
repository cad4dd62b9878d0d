/// <reference types="vite/client" />

import { type DcapEndorsements, fromBase64Url, fromUtf8, parseJson } from '@blindai/core'
import { vi } from 'vitest'
import { authority, makeDocument, NOW, type Tee, type Wrong } from '../../packages/verifier/test/support/mock.ts'
import type { Input } from './other-verifier.ts'

type Refused = Wrong & { readonly code: string; readonly why: string }

const MAKES_DCAP = /import \{[^}]*\brefuse\b[^}]*\} from '\.\.\/support\/refusal\.ts'/
const SOURCES: Readonly<Record<string, string>> = import.meta.glob('../../packages/verifier/test/refusals/*.test.ts', {
  query: '?raw',
  import: 'default',
  eager: true,
})
const FILES = import.meta.glob('../../packages/verifier/test/refusals/*.test.ts')

/**
 * The catalogue's documents of the mock authority in which the evidence, its endorsements or the time is wrong, and the two
 * that are right. Whatever is wrong with a statement, a nonce or a policy is nothing that the other verifier looks at.
 */
export async function mockInputs(): Promise<readonly Input[]> {
  const found: { readonly tee: Tee; readonly wrong: Refused }[] = []
  vi.doMock('../../packages/verifier/test/support/refusal.ts', async (original) => ({
    ...(await original<object>()),
    refuse: (_name: string, _usual: string, refusals: readonly Refused[], tee: Tee = 'tdx') => {
      for (const wrong of refusals) found.push({ tee, wrong })
    },
  }))
  for (const [path, load] of Object.entries(FILES)) if (MAKES_DCAP.test(SOURCES[path] ?? '')) await load()
  const wrong = found.filter(({ wrong }) => isOfEvidence(wrong))
  const right = (['tdx', 'sgx'] as const).map((tee) => ({ tee, wrong: { code: 'right', why: 'nothing is wrong' } }))
  const inputs = await Promise.all([...right, ...wrong].map(({ tee, wrong }) => inputOf(tee, wrong)))
  return inputs.filter((input) => input !== undefined)
}

function isOfEvidence({ changes, authority, document, options, format }: Refused): boolean {
  return format === undefined && [changes, authority, document, options?.now].some((one) => one !== undefined)
}

/** Undefined for a document that is none, or that comes without endorsements: the other verifier takes no such thing. */
async function inputOf(tee: Tee, wrong: Refused): Promise<Input | undefined> {
  const document = read(await makeDocument(wrong, tee))
  if (document === undefined) return undefined
  return {
    name: `mock ${tee}: ${wrong.code}: ${wrong.why}`,
    format: tee === 'sgx' ? 'simulated-sgx' : 'simulated',
    ...document,
    now: wrong.options?.now ?? NOW,
    root: authority.certificates.root,
  }
}

function read(bytes: Uint8Array): { readonly quote: Uint8Array; readonly endorsements: DcapEndorsements } | undefined {
  try {
    const { evidence, endorsements } = Object(parseJson('document', fromUtf8('document', bytes)))
    if (!isEndorsements(endorsements)) return undefined
    return { quote: fromBase64Url('quote', evidence.bytes), endorsements }
  } catch {
    return undefined
  }
}

function isEndorsements(value: unknown): value is DcapEndorsements {
  const members = ['pckCrlIssuerChain', 'rootCaCrl', 'pckCrl', 'tcbInfoIssuerChain', 'tcbInfo', 'qeIdentity'] as const
  return members.every((member) => typeof Object(value)[member] === 'string')
}
