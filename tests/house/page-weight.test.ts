import { expect, test } from 'vitest'
import { bundleForPages } from '../../bench/lib/bundle.ts'

test('the verifier weighs at most 60 KB in a page, compressed', { timeout: 60_000 }, async () => {
  const { gzipBytes, code, later } = await bundleForPages('packages/verifier/src/index.ts')
  expect(gzipBytes).toBeLessThanOrEqual(60 * 1024)
  // A bundle of nothing would be light too.
  expect(code).toContain('QUOTE_SIGNATURE_INVALID')
  // What only GPUs need is loaded when the evidence is of one.
  expect(later.map(({ name }) => name)).toEqual(['prove-nvidia'])
  expect(later[0]?.gzipBytes).toBeLessThanOrEqual(12 * 1024)
})
