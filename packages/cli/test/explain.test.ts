import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JsonObject } from '@blindai/core'
import { explain } from '@blindai/verifier'
import { describe, expect, test } from 'vitest'
import { blindai, type Captured } from './capture.ts'
import { rawVector, rawVectors, savedDocuments } from './support/raw-vectors.ts'

const explained = (result: string): Promise<Captured> => blindai(['explain', '-'], { stdin: result })

async function resultOf(input: object): Promise<string> {
  return (await blindai(['verify', '--raw', '-', '--json'], { stdin: JSON.stringify(input) })).stdout
}

describe('explain renders what verify saved', () => {
  test.each(rawVectors.map((vector) => [`${vector.folder}: ${vector.name}`, vector] as const))(
    'of %s',
    async (_, { input }) => {
      const saved = await resultOf(input)
      expect(await explained(saved)).toMatchObject({ code: 0, stdout: explain(JSON.parse(saved)) })
    },
  )

  test.each(savedDocuments.map((saved) => [saved.path, saved] as const))('of %s', async (_, { result }) => {
    const { code, stdout, stderr } = await explained(result)
    expect({ code, stdout }).toEqual({ code: 0, stdout: explain(JSON.parse(result)) })
    expect(stderr).toContain('not verified again')
  })

  test('as one JSON value with --json', async () => {
    const saved = await resultOf(rawVector('nitro', 'a debug').input)
    const { code, stdout } = await blindai(['explain', '-', '--json'], { stdin: saved })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ explanation: explain(JSON.parse(saved)) })
  })
})

describe('verify gives the committed bytes of the result', () => {
  test.each(savedDocuments.map((saved) => [saved.path, saved] as const))('of %s', async (_, saved) => {
    const folder = await mkdtemp(join(tmpdir(), 'blindai-verify-'))
    try {
      await writeFile(join(folder, 'policy.json'), JSON.stringify(saved.policy))
      const options = ['--policy', 'policy.json', '--now', `${saved.now}`, '--json']
      const { stdout } = await blindai(['verify', '-', ...options], { folder, stdin: saved.document })
      expect(stdout).toBe(`${saved.result}\n`)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

const affirming: JsonObject = JSON.parse(await resultOf(rawVector('sgx', 'the same with its measurement').input))
const refused: JsonObject = JSON.parse(await resultOf(rawVector('nitro', 'a signed image of 2022 today').input))
const unwanted: JsonObject = JSON.parse(await resultOf(rawVector('snp', 'a Genoa guest of Azure is genuine').input))
const keys = { tls: [], ohttp: '', notBefore: 0, notAfter: 1 }
const { failed: _, ...withoutFailed } = unwanted

describe('explain refuses', () => {
  test.each<readonly [string, unknown, string]>([
    ['what is no JSON', undefined, 'NOT_JSON'],
    ['what is no object', [], 'WRONG_TYPE'],
    ['an error of the command in place of a result', { error: { code: 'USAGE' } }, 'MISSING_MEMBER'],
    ['an unknown member', { ...affirming, trusted: true }, 'UNKNOWN_MEMBER'],
    ['an unknown status', { ...affirming, status: 'ok' }, 'WRONG_VALUE'],
    ['an unknown check', { ...affirming, checks: [{ code: 'x', status: 'passed', summary: '' }] }, 'WRONG_VALUE'],
    ['keys in a result about bare evidence', { ...affirming, channel: keys }, 'UNKNOWN_MEMBER'],
    ['a document without its freshness', { ...affirming, scope: 'document' }, 'MISSING_MEMBER'],
    ['affirming words over a failed check', { ...withoutFailed, status: 'affirming' }, 'WRONG_VALUE'],
    ['a warning over a failed check', { ...unwanted, status: 'warning' }, 'WRONG_VALUE'],
    ['a refusal without a reason', withoutFailed, 'WRONG_VALUE'],
    ['a reason that is none of the checks', { ...unwanted, checks: [] }, 'WRONG_VALUE'],
    ['claims of evidence that is not proved', { ...refused, claims: affirming.claims }, 'WRONG_VALUE'],
    ['a trust class of evidence that is not proved', { ...refused, trustClass: 'hardware' }, 'WRONG_VALUE'],
    ['proved evidence without claims', { ...affirming, claims: undefined }, 'WRONG_VALUE'],
    ['a version of a TCB that is no number', { ...unwanted, tcb: { reported: {} } }, 'MISSING_MEMBER'],
    ['a time that is none', { ...affirming, now: 'noon' }, 'WRONG_VALUE'],
    ['a time after the year 9999', { ...affirming, now: 253_402_300_800 }, 'WRONG_VALUE'],
  ])('%s', async (_, value, expected) => {
    const stdin = value === undefined ? 'no' : JSON.stringify(value)
    const { code, stdout } = await blindai(['explain', '-', '--json'], { stdin })
    expect(JSON.parse(stdout).error?.code).toBe(expected)
    expect(code).toBe(10)
  })
  test('a file that is not there', async () => {
    expect(await blindai(['explain', 'nowhere.json'])).toMatchObject({ code: 1 })
  })
})
