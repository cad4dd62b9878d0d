import { describe, expect, test } from 'vitest'
import { bodyOfBytes, bodyOfPieces } from '../../src/http/memory-body.ts'

async function* crumbs(count: number): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < count; n++) yield Uint8Array.of(n)
}

async function* piecesOf(...pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}

describe('a body', () => {
  test('of more pieces than the stack would hold is gathered', async () => {
    let held = 0
    const bytes = await bodyOfPieces(crumbs(200_000), undefined).collect(200_000, (more) => {
      held += more
    })
    expect(bytes).toEqual(Uint8Array.from({ length: 200_000 }, (_, n) => n))
    // The pieces, and the one that they become.
    expect(held).toBe(400_000)
  })

  test('of one piece is held once, and so is one whose length was announced', async () => {
    const counts: number[] = []
    const onGrow = (more: number): unknown => counts.push(more)
    const whole = new Uint8Array(1000).fill(7)
    const [first, second] = [whole.subarray(0, 600), whole.subarray(600)]
    expect(await bodyOfPieces(piecesOf(whole), undefined).collect(1000, onGrow)).toEqual(whole)
    expect(await bodyOfPieces(piecesOf(first, second), 1000).collect(1000, onGrow)).toEqual(whole)
    expect(await bodyOfPieces(piecesOf(), undefined).collect(1000, onGrow)).toEqual(new Uint8Array())
    expect(counts.filter((count) => count > 0)).toEqual([1000, 1000])
    expect(await bodyOfPieces(piecesOf(first, second), undefined).collect(1000, onGrow)).toEqual(whole)
    expect(counts.filter((count) => count > 0).slice(2)).toEqual([600, 400, 1000])
  })

  test('that announces more than its limit is refused before a piece of it comes', async () => {
    let held = 0
    const gathering = bodyOfPieces(crumbs(1), 6).collect(5, (more) => {
      held += more
    })
    await expect(gathering).rejects.toMatchObject({ code: 'BODY_TOO_LARGE', details: { limit: 5 } })
    expect(held).toBe(0)
  })

  test.each([
    ['longer', 3, 'BODY_TOO_LARGE', { limit: 3 }],
    ['shorter', 5, 'BODY_TRUNCATED', { received: 4 }],
  ])('that is %s than it announced is refused', async (_, length, code, details) => {
    const pieces = piecesOf(new Uint8Array(2), new Uint8Array(2))
    const gathering = bodyOfPieces(pieces, length).collect(10, () => undefined)
    await expect(gathering).rejects.toMatchObject({ code, details })
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
