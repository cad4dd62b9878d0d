import { setTimeout as wait } from 'node:timers/promises'
import type { Session } from '@blindai/client'
import { expect } from 'vitest'
import { MNIST, readDigit } from './models.ts'

/** Another client, of another tenant, who asks for small inferences all the while. */
export interface OtherClient {
  /** Answers so far. */
  readonly answers: number
  /** Resolves when so many more answers have come. */
  more(count: number): Promise<void>
}

const PAUSE_MS = 20
const PATIENCE_MS = 60_000

/**
 * Does something to the server while another client is served; fails when a single one of that client's requests fails or
 * is answered otherwise than before, or when no answers come during or after it.
 */
export async function whileServing(session: Session, work: (other: OtherClient) => Promise<void>): Promise<void> {
  await session.models.upload(MNIST, { name: 'digits' })
  const expected = await readDigit(session, 'digits')
  let answers = 0
  let isOver = false
  const failures: unknown[] = []
  const asking = (async (): Promise<void> => {
    while (!isOver) {
      try {
        expect(await readDigit(session, 'digits')).toEqual(expected)
        answers++
      } catch (error) {
        failures.push(error)
      }
      await wait(PAUSE_MS)
    }
  })()
  const more = async (count: number): Promise<void> => {
    const enough = answers + count
    await expect.poll(() => answers >= enough || failures.length > 0, { timeout: PATIENCE_MS }).toBe(true)
  }
  try {
    await more(1)
    await work({
      get answers() {
        return answers
      },
      more,
    })
    await more(3)
  } finally {
    isOver = true
    await asking
  }
  expect(failures).toEqual([])
}
