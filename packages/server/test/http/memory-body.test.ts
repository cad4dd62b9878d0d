import { describe, expect, test } from 'vitest'
import { bodyOfBytes, bodyOfPieces } from '../../src/http/memory-body.ts'

async function* crumbs(count: number): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < count; n++) yield Uint8Array.of(n)
}

describe('a body', () => {
  test('of more pieces than the stack would hold is gathered', async () => {
    let held = 0
    const bytes = await bodyOfPieces(crumbs(200_000), undefined).collect(200_000, (more) => {
      held += more
    })
    expect(bytes).toEqual(Uint8Array.from({ length: 200_000 }, (_, n) => n))
    expect(held).toBe(200_000)
  })

  test('of pieces is refused past its limit, before more is held', async () => {
    let held = 0
    const gathering = bodyOfPieces(crumbs(10), undefined).collect(5, (more) => {
      held += more
    })
    await expect(gathering).rejects.toMatchObject({ code: 'BODY_TOO_LARGE', details: { limit: 5 } })
    expect(held).toBe(5)
  })

  test('that is there already counts, too', async () => {
    let held = 0
    await bodyOfBytes(new Uint8Array(7)).collect(7, (more) => {
      held += more
    })
    expect(held).toBe(7)
  })
})
