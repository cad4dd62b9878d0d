import { type EvidenceSource, unixSeconds } from '@blindai/core'
import { createMockAuthority } from '@blindai/simulator'
import { describe, expect, test } from 'vitest'
import { collectLegacyEvidence } from '../../packages/server/src/legacy/legacy-evidence.ts'

const START = unixSeconds(1_800_000_000)
const CERTIFICATE = new Uint8Array([1, 2, 3])

/** Evidence of a source that counts how often it is asked for endorsements, and can fail. */
async function openEvidence() {
  const state = { asked: 0, fails: false, now: START }
  const source = createMockAuthority({ now: START }).sgxSource()
  const counting: EvidenceSource = {
    format: source.format,
    collect: (reportData) => source.collect(reportData),
    async endorsements() {
      state.asked++
      if (state.fails) throw new TypeError('made by a test')
      return await source.endorsements()
    },
  }
  const evidence = await collectLegacyEvidence(counting, CERTIFICATE, () => state.now)
  if (evidence === undefined) throw new Error('the source is of SGX')
  return { evidence, state }
}

describe('the collateral for clients of BlindAI 0.6', () => {
  test('is asked of the source once for many requests, those at the same time too, and again after an hour', async () => {
    const { evidence, state } = await openEvidence()
    const [first, ...others] = await Promise.all(Array.from({ length: 20 }, () => evidence.collateral()))
    for (const other of others) expect(other).toEqual(first)
    expect(state.asked).toBe(1)
    state.now = unixSeconds(START + 3599)
    expect(await evidence.collateral()).toEqual(first)
    expect(state.asked).toBe(1)
    state.now = unixSeconds(START + 3600)
    await evidence.collateral()
    expect(state.asked).toBe(2)
  })

  test('is served on while the source fails, and is not there when it never gave any', async () => {
    const { evidence, state } = await openEvidence()
    state.fails = true
    await expect(evidence.collateral()).rejects.toThrow(TypeError)
    state.fails = false
    const first = await evidence.collateral()
    state.fails = true
    state.now = unixSeconds(START + 3600)
    expect(await evidence.collateral()).toEqual(first)
  })
})
