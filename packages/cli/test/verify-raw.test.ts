import { readFile } from 'node:fs/promises'
import { fromBase64Url, type JsonObject } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { blindai, type Captured } from './capture.ts'
import { ATTESTATION, foldersWithCases, type RawJson, rawVector, rawVectors } from './support/raw-vectors.ts'

/** Judges an input that comes through standard input. */
function raw(input: object | string | Uint8Array, ...options: readonly string[]): Promise<Captured> {
  const stdin = typeof input === 'string' || input instanceof Uint8Array ? input : JSON.stringify(input)
  return blindai(['verify', '--raw', '-', '--json', ...options], { stdin })
}

const EXIT_BY_STATUS: Readonly<Record<string, readonly number[]>> = {
  affirming: [0],
  warning: [0, 20],
  contraindicated: [30],
  none: [10, 20],
}

/** What a catalogue can expect of a result. */
function summary({ status, trustClass, failed, tcb, claims }: JsonResult): JsonObject {
  return {
    status,
    trustClass,
    ...(failed?.error && { code: failed.error.code }),
    ...(tcb && { tcbStatus: tcb.status, advisoryIds: tcb.advisoryIds ?? null, tcbDate: tcb.tcbDate ?? null }),
    ...(claims && { paddingBytes: claims.paddingBytes ?? 0 }),
  }
}

interface JsonResult {
  readonly status: string
  readonly trustClass: string
  readonly failed?: { readonly error?: { readonly code: string; readonly answer: string } }
  readonly tcb?: { readonly status: string; readonly advisoryIds?: readonly string[]; readonly tcbDate?: string }
  readonly claims?: { readonly paddingBytes?: number }
}

describe('verify --raw judges the vector', () => {
  for (const { folder, name, input, expect: expected } of rawVectors) {
    test(`${folder}: ${name}`, async () => {
      const { code, stdout, stderr } = await raw(input)
      const result = JSON.parse(stdout)
      expect(summary(result), stdout).toMatchObject(expected)
      expect(result.failed?.error?.code).toBe(expected.status === 'affirming' ? undefined : expected.code)
      expect(EXIT_BY_STATUS[result.status]).toContain(code)
      if (result.status === 'warning') expect(code).toBe(expected.code === 'TPM_AK_NOT_BOUND' ? 20 : 0)
      if (result.status === 'none') expect(code).toBe(result.failed.error.answer === 'malformed' ? 10 : 20)
      expect(stderr).toBe('')
    })
  }
  test('and every catalogue of vectors is among them', () => {
    expect([...new Set(rawVectors.map(({ folder }) => folder))].sort()).toEqual([...foldersWithCases].sort())
  })
})

const { input: base } = rawVector('nitro', 'a production enclave in the second')
const codeOf = ({ stdout }: Captured): unknown => JSON.parse(stdout).error?.code
const without = (member: keyof RawJson): object => ({ ...base, [member]: undefined })

describe('the result of bare evidence', () => {
  test('says its scope and carries no key, even where the policy wants it', async () => {
    const { code, stdout } = await raw(rawVector('nitro', 'a production enclave whose image is').input)
    expect(code).toBe(0)
    const result = JSON.parse(stdout)
    expect(result).toMatchObject({ status: 'affirming', scope: 'evidence-only' })
    for (const member of ['channel', 'freshness']) expect(result).not.toHaveProperty(member)
  })

  test('without a policy is that of the built-in one: a warning at best', async () => {
    const { code, stdout } = await raw(without('policy'))
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ status: 'warning', scope: 'evidence-only' })
  })

  test('is explained to a person without --json', async () => {
    const { code, stdout } = await blindai(['verify', '--raw', '-'], { stdin: JSON.stringify(base) })
    expect(code).toBe(0)
    expect(stdout).toContain('scope: bare evidence')
    expect(stdout).toMatch(/^ {2}skipped {2}policy\.measurement /m)
  })

  test('is the same from a file', async () => {
    const fromFile = await blindai(['verify', '--raw', `${ATTESTATION}raw/nitro.json`, '--json'])
    expect(fromFile).toEqual(await raw(await readFile(`${ATTESTATION}raw/nitro.json`)))
  })

  test('of a format that no parser knows yet is malformed', async () => {
    const { code, stdout } = await raw({ ...base, evidence: { ...base.evidence, format: 'nvidia' } })
    expect(code).toBe(10)
    expect(JSON.parse(stdout)).toMatchObject({ failed: { error: { code: 'FORMAT_UNSUPPORTED' } } })
  })
})

describe('the time', () => {
  const HOURS_LATER = 1_766_679_338

  test.each([
    ['Unix seconds', `${HOURS_LATER}`],
    ['RFC 3339', '2025-12-25T16:15:38Z'],
    ['RFC 3339 with an offset', '2025-12-25T17:45:38.9+01:30'],
  ])('of the command line, as %s, comes before that of the input', async (_, time) => {
    const { code, stdout } = await raw(base, '--now', time)
    expect(JSON.parse(stdout)).toMatchObject({ now: HOURS_LATER, failed: { error: { code: 'ENDORSEMENT_EXPIRED' } } })
    expect(code).toBe(20)
  })

  test('of the input may be RFC 3339 too', async () => {
    const { stdout } = await raw({ ...base, now: '2025-12-25t16:15:38z' })
    expect(JSON.parse(stdout)).toMatchObject({ now: HOURS_LATER })
  })

  test('is never that of the clock', async () => {
    const captured = await raw(without('now'))
    expect(captured.code).toBe(10)
    expect(codeOf(captured)).toBe('MISSING_MEMBER')
    expect(await raw(without('now'), '--now', `${base.now}`)).toMatchObject({ code: 0 })
  })

  test.each(['2026-02-30T00:00:00Z', '2026-11-23', '2026-11-23T10:00:00', '2026-11-23T10:00:60Z', '-1', '1e9', 'now'])(
    '%s is none, on the command line and in the input',
    async (time) => {
      expect(await raw(base, `--now=${time}`)).toMatchObject({ code: 2 })
      expect(await raw({ ...base, now: time })).toMatchObject({ code: 10 })
    },
  )

  test.each([1.5, -1, 253_402_300_800, null, true])('%s is none in the input', async (now) => {
    const captured = await raw({ ...base, now })
    expect(captured.code).toBe(10)
    expect(codeOf(captured)).toBe('WRONG_VALUE')
  })
})

describe('an input', () => {
  test.each([
    ['that is no JSON', 'no', 'NOT_JSON'],
    ['that is no object', '[]', 'WRONG_TYPE'],
    ['that is not UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 'NOT_UTF8'],
    ['that names a member twice', '{"version":1,"version":1}', 'DUPLICATE_MEMBER'],
    ['with an unknown member', { ...base, collateral: {} }, 'UNKNOWN_MEMBER'],
    ['of another version', { ...base, version: 2 }, 'WRONG_VALUE'],
    ['without evidence', without('evidence'), 'MISSING_MEMBER'],
    ['whose policy is a text', { ...base, policy: '{}' }, 'WRONG_TYPE'],
    ['with an unknown member in its evidence', { ...base, evidence: { ...base.evidence, x: 1 } }, 'UNKNOWN_MEMBER'],
    ['of an unknown format', { ...base, evidence: { ...base.evidence, format: 'TDX' } }, 'WRONG_VALUE'],
    ['whose bytes are hexadecimal', { ...base, evidence: { ...base.evidence, bytes: '8444a' } }, 'NOT_BASE64URL'],
    ['whose bytes are padded', { ...base, evidence: { ...base.evidence, bytes: 'hESh=' } }, 'NOT_BASE64URL'],
    ['of over 8 MiB', ' '.repeat(8 * 1024 * 1024 + 1), 'TOO_LONG'],
  ])('%s is malformed', async (_, input, expected) => {
    const captured = await raw(input)
    expect(codeOf(captured)).toBe(expected)
    expect(captured.code).toBe(10)
  })

  test('may spell endorsements only as they are documented', async () => {
    const { input } = rawVector('tdx', 'TDX 1.5')
    const { tcbInfo, ...rest } = Object(input.endorsements)
    const { code, stdout } = await raw({ ...input, endorsements: { ...rest, tcb_info: tcbInfo } })
    expect(code).toBe(10)
    expect(JSON.parse(stdout)).toMatchObject({
      failed: { code: 'endorsements.form', error: { code: 'MISSING_MEMBER' } },
    })
  })

  test('cut anywhere is malformed', async () => {
    const { input } = rawVector('sgx', 'the same with its measurement')
    const bytes = input.evidence.bytes.slice(0, -4)
    expect(await raw({ ...input, evidence: { ...input.evidence, bytes } })).toMatchObject({ code: 10 })
    expect(await raw(JSON.stringify(input).slice(0, -1))).toMatchObject({ code: 10 })
  })

  test('with one changed byte of its evidence is never proved', async () => {
    const { input } = rawVector('snp', 'a Milan guest of Azure')
    const bytes = fromBase64Url('bytes', input.evidence.bytes).map((byte, i) => (i === 0x90 ? byte ^ 1 : byte))
    const changed = { ...input.evidence, bytes: Buffer.from(bytes).toString('base64url') }
    expect(await raw({ ...input, evidence: changed })).toMatchObject({ code: 20 })
  })
})

describe('the policy', () => {
  test('that is refused is something to correct, and no answer about the evidence', async () => {
    const captured = await raw({ ...base, policy: { version: 1, name: 'test', hardware: true } })
    expect(captured.code).toBe(1)
    expect(codeOf(captured)).toBe('POLICY_INVALID')
  })

  test('of --policy comes before that of the input', async () => {
    const { code, stdout } = await raw(rawVector('tdx', 'TDX 1.5').input, '--policy', `${ATTESTATION}raw/policy.json`)
    expect(code).toBe(30)
    expect(JSON.parse(stdout)).toMatchObject({ failed: { error: { code: 'TCB_EVALUATION_NUMBER_TOO_LOW' } } })
  })

  test('is never that of the environment', async () => {
    const env = { BLINDAI_POLICY: 'nowhere.json' }
    const argv = ['verify', '--raw', '-', '--json']
    expect(await blindai(argv, { env, stdin: JSON.stringify(without('policy')) })).toMatchObject({ code: 0 })
  })
})

describe('the command line', () => {
  test.each([
    ['https://127.0.0.1:8443'],
    ['-', '--url', 'https://127.0.0.1:8443'],
    ['-', '--transport', 'tls'],
    ['-', '--key-file', 'key'],
  ])('refuses a server beside --raw: %s %s', async (...argv) => {
    expect(await blindai(['verify', '--raw', ...argv])).toMatchObject({ code: 2 })
  })

  test('names a file that cannot be read', async () => {
    const captured = await blindai(['verify', '--raw', 'nowhere.json', '--json'])
    expect(captured.code).toBe(1)
    expect(codeOf(captured)).toBe('FILE_UNREADABLE')
  })

  test('reads a device that never ends only as far as its bound', async () => {
    const captured = await blindai(['verify', '--raw', '/dev/zero', '--json'])
    expect(captured.code).toBe(1)
    expect(codeOf(captured)).toBe('FILE_TOO_LARGE')
  })
})
