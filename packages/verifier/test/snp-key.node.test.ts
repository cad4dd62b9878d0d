import { generateRsaKeyPair } from '@blindai/simulator'
import { expect, test } from 'vitest'
import { spkiOf } from './support/keys.ts'
import { judgeSnpDocument } from './support/snp-mock.ts'

test('a report is not by an endorsement key of RSA, and the refusal names whose key it is', async () => {
  const publicKey = spkiOf(generateRsaKeyPair())
  const result = await judgeSnpDocument({ changes: { endorsementCertificate: (fields) => ({ ...fields, publicKey }) } })
  expect(result).toMatchObject({
    status: 'none',
    failed: {
      code: 'snp.report-signature',
      error: { code: 'UNSUPPORTED_ALGORITHM', details: { field: 'VCEK public key', actual: 'RSA' } },
    },
  })
})
