import { describe, expect, test } from 'vitest'
import { readBody } from '../src/response.ts'

async function* crumbs(count: number): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < count; n++) yield Uint8Array.of(n)
}

describe('an answer', () => {
  test('in more pieces than the stack would hold is read', async () => {
    expect(await readBody('it', crumbs(200_000), 200_000)).toEqual(Uint8Array.from({ length: 200_000 }, (_, n) => n))
  })

  test('past its bound is refused', async () => {
    await expect(readBody('it', crumbs(6), 5)).rejects.toMatchObject({
      code: 'RESPONSE_TOO_LARGE',
      details: { what: 'it', limit: 5 },
    })
  })
})
