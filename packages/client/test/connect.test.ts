import { describe, expect, test } from 'vitest'
import { type ConnectOptions, connect } from '../src/index.ts'

const POLICY = { version: 1, name: 'hardware only' }

/** A network that nothing may reach. */
const unreachable: typeof fetch = () => Promise.reject(new Error('something was sent'))

async function refusalOf(options: Partial<ConnectOptions>): Promise<unknown> {
  try {
    await connect({ url: 'http://127.0.0.1:1', policy: POLICY, fetch: unreachable, ...options })
  } catch (error) {
    return error
  }
  throw new Error('connected')
}

describe('an attempt to connect', () => {
  test.each<[string, Partial<ConnectOptions>]>([
    ['url', { url: 'no address' }],
    ['apiKey', { apiKey: 'two words' }],
    ['apiKey', { apiKey: '' }],
    ['maxResponseBytes', { maxResponseBytes: 0 }],
    ['maxConnections', { maxConnections: 1.5 }],
  ])('with a wrong %s is refused before anything is sent', async (option, options) => {
    expect(await refusalOf(options)).toMatchObject({ family: 'fix', code: 'OPTION_INVALID', details: { option } })
  })

  test('with a policy that has an unknown member is refused, with the reason', async () => {
    const error = await refusalOf({ policy: { ...POLICY, allowEverything: true } })
    expect(error).toMatchObject({ family: 'fix', code: 'POLICY_INVALID' })
    expect(String(error)).toContain('allowEverything')
  })

  test('takes a policy as text', async () => {
    expect(await refusalOf({ policy: JSON.stringify(POLICY) })).toMatchObject({ code: 'CONNECTION_FAILED' })
  })

  test('ends in the reason of its signal', async () => {
    expect(await refusalOf({ signal: AbortSignal.abort(new Error('enough')) })).toEqual(new Error('enough'))
  })

  test('ends at its time limit, and names it', async () => {
    const silent: typeof fetch = () => new Promise(() => undefined)
    expect(await refusalOf({ fetch: silent, timeouts: { attestationMs: 20 } })).toMatchObject({
      family: 'retry',
      code: 'TIMED_OUT',
      details: { what: 'the attestation', timeoutMs: 20 },
    })
  })

  test.each([
    ['nothing', ''],
    ['JSON of another form', '{"statement":1}'],
    ['a page', '<!doctype html>'],
  ])('to a server whose document is %s is refused with a report', async (_, body) => {
    const answering: typeof fetch = async () => new Response(body)
    expect(await refusalOf({ fetch: answering })).toMatchObject({
      family: 'stop',
      code: 'EVIDENCE_REFUSED',
      details: { status: 'none', check: 'document.form' },
      report: { status: 'none' },
    })
  })

  test('asks with a nonce of 32 bytes, another one each time, and takes nothing from a cache', async () => {
    const asked: string[] = []
    const recording: typeof fetch = async (input, init) => {
      asked.push(new URL(String(input)).searchParams.get('nonce') ?? '')
      expect(init).toMatchObject({ cache: 'no-store', credentials: 'omit', redirect: 'error' })
      return new Response('{}')
    }
    await refusalOf({ fetch: recording })
    await refusalOf({ fetch: recording })
    expect(asked[0]).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(asked[1]).not.toBe(asked[0])
  })
})
