import { type JsonObject, unixSeconds } from '@blindai/core'
import { DEFAULT_POLICY, parseDocument, parsePolicy, verify, verifyEvidence } from '@blindai/verifier'

/** A file of `vectors/attestation`: a document, or bare evidence with its endorsements; and what it is judged by. */
export interface Work {
  readonly title: string
  readonly input: JsonObject
}

/** How long each time took, and what came out the last time. */
export interface Timed {
  readonly title: string
  readonly ms: readonly number[]
  readonly status: string
  readonly passed: readonly string[]
  readonly failed: readonly string[]
}

/**
 * Verifies from the bytes on, so many times after so many that are not counted; runs in Node and in a page. Nothing is kept
 * from one time to the next: every certificate, list and signature is read and verified again.
 */
export async function timeVerification({ title, input }: Work, warmUp: number, times: number): Promise<Timed> {
  const once = verificationOf(input)
  const ms: number[] = []
  let result = await once()
  for (let i = 0; i < warmUp + times; i++) {
    const start = performance.now()
    result = await once()
    if (i >= warmUp) ms.push(performance.now() - start)
  }
  const codes = (status: string): string[] => result.checks.filter((c) => c.status === status).map(({ code }) => code)
  return { title, ms, status: result.status, passed: codes('passed'), failed: codes('failed') }
}

function verificationOf(input: JsonObject): () => ReturnType<typeof verify> | ReturnType<typeof verifyEvidence> {
  const { document, evidence = null, endorsements } = input
  const policy = input.policy === undefined ? DEFAULT_POLICY : parsePolicy(input.policy)
  const now = unixSeconds(Number(input.now))
  if (typeof document === 'string') {
    const bytes = new TextEncoder().encode(document)
    return () => verify(bytes, policy, { now, channel: { kind: 'ohttp' } })
  }
  const parsed = parseDocument({ statement: '', nonce: '', evidence })
  const bare = { ...parsed.evidence, ...(endorsements !== undefined && { endorsements }) }
  return () => verifyEvidence(bare, policy, { now })
}
