import { describe, expect, test } from 'vitest'
import { field, hex, judgeSnpDocument } from './support/snp-mock.ts'

describe('an SEV-SNP document', () => {
  test('of a chip is accepted by a policy that names whose VLEK it accepts', async () =>
    expect(await judgeSnpDocument({ wanted: { vlekProviders: ['CN=provider.example'] } })).toMatchObject({
      status: 'affirming',
    }))
  test('says to whom its VLEK is lent, and nothing of the kind for a chip', async () => {
    const lent = await judgeSnpDocument({ signingKey: 'VLEK', wanted: { signingKeys: ['VLEK'] } })
    expect(lent.claims).toMatchObject({ platform: { signingKey: 'VLEK', vlekProvider: 'CN=provider.example' } })
    const { claims } = await judgeSnpDocument()
    expect(claims !== undefined && 'platform' in claims ? claims.platform : undefined).not.toHaveProperty(
      'vlekProvider',
    )
  })
  test('tells which bits of its platform have no name', async () => {
    const { status, claims } = await judgeSnpDocument({
      changes: { report: field({ platformInfo: hex('0000000000000080') }) },
    })
    expect(status).toBe('contraindicated')
    expect(claims).toMatchObject({ platform: { platformInfoNames: ['RESERVED_63'] } })
  })
})
