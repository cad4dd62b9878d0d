import { describe, expect, test } from 'vitest'
import { judgeTpm, TPM_REFERENCE, tpm } from './support/tpm-mock.ts'

describe('the release that a TPM runs', () => {
  const judged = async (members: object) => {
    const { claims } = await judgeTpm({ policy: tpm({ measurements: [{ ...TPM_REFERENCE, ...members }] }) })
    return claims
  }
  test('is told with where its reference value is from', async () =>
    expect(await judged({ source: 'image' })).toMatchObject({ release: 'test release', releaseSource: 'image' }))
  test('is told without where it does not say', async () => {
    expect(await judged({})).toMatchObject({ release: 'test release' })
    expect(await judged({})).not.toHaveProperty('releaseSource')
  })
})
