import { describe, expect, test } from 'vitest'
import { ATTESTATION, type RawJson, rawVector } from './support/raw-vectors.ts'

const { policy: _, ...withoutPolicy } = rawVector('nitro', 'a production enclave in the second').input

/** The inputs that `docs/verify-contract.md` runs. After a change of the vectors: `vitest -u` writes them anew. */
const EXAMPLES: Readonly<Record<string, RawJson>> = {
  tdx: rawVector('tdx', 'TDX 1.5 in a version 4 quote').input,
  sgx: rawVector('sgx', 'the same with its measurement as the reference value').input,
  'sev-snp': rawVector('snp', 'a Milan guest of Azure with a revocation list').input,
  'azure-hcl': rawVector('azure-hcl', 'a Milan machine of Azure is proved').input,
  nitro: withoutPolicy,
  tpm: rawVector('tpm', 'a machine at Google, whose key is certified by an authority that is pinned, bank SHA-256')
    .input,
}

describe('an example of an input', () => {
  for (const [name, input] of Object.entries(EXAMPLES)) {
    test(`of ${name} is a capture of hardware as it is`, async () => {
      await expect(`${JSON.stringify(input, null, 1)}\n`).toMatchFileSnapshot(`${ATTESTATION}raw/${name}.json`)
    })
  }
})
