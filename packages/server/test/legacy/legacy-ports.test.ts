import { describe, expect, test } from 'vitest'
import { LEGACY_ROUTES } from '../../src/legacy/legacy-ports.ts'
import type { PressureLevel } from '../../src/memory-ladder.ts'
import { TENSOR } from '../fixtures/fake-engines.ts'
import { DOUBLES, SQUARES } from '../fixtures/tiny-models.ts'
import { deleteOf, openApi, refusal, runOf, uploadOf } from './legacy-house.ts'

const MIB = 1024 ** 2

/** An output whose answer is counted while it is sent. */
function outputOf(bytes: number) {
  return { ...TENSOR, shape: [bytes / 4], data: new Uint8Array(bytes) }
}

describe('a port for clients of BlindAI 0.6', () => {
  test('takes no upload when memory is low, and no run when it is lower, with a sentence in CBOR', async () => {
    const state: { level: PressureLevel } = { level: 0 }
    const { ask, engines, models, upload } = await openApi({ pressure: { level: () => state.level } })
    const id = await upload(DOUBLES)
    const large = runOf(id, '', undefined, new Uint8Array(70_000))
    const sent = (): Promise<string> => refusal(ask('manage', 'POST', '/upload', uploadOf(SQUARES)))
    state.level = 1
    expect(await sent()).toMatch(/^MEMORY_LOW: /)
    const goesOn = { 'upload-offset': '10', 'upload-length': '20' }
    expect(await refusal(ask('manage', 'POST', '/upload', uploadOf(SQUARES), goesOn))).toMatch(/^MEMORY_LOW: /)
    expect(await ask('run', 'POST', '/run', runOf(id, ''))).toMatchObject({ status: 200 })
    state.level = 2
    expect(await refusal(ask('run', 'POST', '/run', large))).toMatch(/^MEMORY_LOW: /)
    expect(await ask('run', 'POST', '/run', runOf(id, ''))).toMatchObject({ status: 200 })
    state.level = 3
    const runs = engines.runs.length
    expect(await refusal(ask('run', 'POST', '/run', runOf(id, '')))).toMatch(/^MEMORY_LOW: /)
    expect(await sent()).toMatch(/^MEMORY_LOW: /)
    expect(engines.runs).toHaveLength(runs)
    expect(models.list('legacy')).toHaveLength(1)
    expect(await ask('attest', 'GET', '/')).toMatchObject({ status: 200 })
    expect(await ask('run', 'GET', '/')).toMatchObject({ status: 200 })
    expect(await ask('manage', 'POST', '/delete', deleteOf(id))).toMatchObject({ status: 200 })
  })

  test('counts what is asked for against the requests of a minute, and not what greets or is shown to anybody', async () => {
    const { ask, upload } = await openApi({ limits: { maxRequestsPerMinutePerTenant: 3 }, nowMs: () => 0 })
    const id = await upload(DOUBLES)
    for (let turn = 0; turn < 5; turn++) {
      expect(await ask('attest', 'GET', '/')).toMatchObject({ status: 200 })
      expect(await ask('run', 'GET', '/')).toMatchObject({ status: 200 })
      expect(await ask('run', 'POST', '/nothing')).toMatchObject({ status: 404 })
    }
    expect(await ask('run', 'POST', '/run', runOf(id, ''))).toMatchObject({ status: 200 })
    expect(await ask('run', 'POST', '/run', runOf(id, ''))).toMatchObject({ status: 200 })
    expect(await refusal(ask('run', 'POST', '/run', runOf(id, '')))).toMatch(/^TENANT_RATE_LIMITED: /)
    expect(await refusal(ask('manage', 'POST', '/delete', deleteOf(id)))).toMatch(/^TENANT_RATE_LIMITED: /)
  })

  test('tells of each answer by names of a closed list, and gives it an id', async () => {
    const { ask, told, upload } = await openApi()
    const id = await upload(DOUBLES)
    const answers = [
      await ask('run', 'POST', '/run', runOf(id, '')),
      await ask('run', 'POST', '/run', runOf('', '')),
      await ask('manage', 'POST', '/delete', deleteOf(id)),
      await ask('attest', 'GET', '/'),
      await ask('run', 'GET', '/canary'),
      await ask('manage', 'POST', '/canary'),
    ]
    const { certificate, run, upload: uploaded, delete: deleted } = LEGACY_ROUTES
    expect(told).toMatchObject([
      { route: uploaded, status: 201, code: undefined },
      { route: run, status: 200, code: undefined, bytesIn: runOf(id, '').byteLength },
      { route: run, status: 400, code: 'LEGACY_MODEL_UNCLEAR' },
      { route: deleted, status: 200, code: undefined, bytesOut: 1 },
      { route: certificate, status: 200, code: undefined, bytesIn: 0, bytesOut: 4 },
      { route: undefined, status: 200, code: undefined },
      { route: undefined, status: 404, code: 'LEGACY_NOT_FOUND' },
    ])
    expect(answers.map(({ headers }) => headers['x-request-id'])).toEqual(
      told.slice(1).map(({ requestId }) => requestId),
    )
    expect(new Set(told.map(({ requestId }) => requestId)).size).toBe(told.length)
  })

  test('answers 500 to what its clients do wrong, and does not tell of it as of what the server does wrong', async () => {
    const { ask, engines, told, upload } = await openApi({
      limits: { maxRequestsPerMinutePerTenant: 5 },
      nowMs: () => 0,
    })
    const id = await upload(DOUBLES)
    engines.onRun = (run) => run.answer([{ ...TENSOR, datatype: 'BYTES' }])
    await refusal(ask('run', 'POST', '/run', Uint8Array.of(0xff)))
    await refusal(ask('run', 'POST', '/run', runOf(id, '')))
    engines.onRun = (run) => run.fail(new Error('made by a test'))
    await refusal(ask('run', 'POST', '/run', runOf(id, '')))
    await refusal(ask('manage', 'POST', '/delete', deleteOf('00000000-0000-4000-8000-000000000000')))
    await refusal(ask('manage', 'POST', '/delete', deleteOf(id)))
    expect(told.slice(1)).toMatchObject([
      { status: 400, code: 'LEGACY_CBOR_UNSUPPORTED' },
      { status: 422, code: 'LEGACY_DATATYPE_UNSUPPORTED' },
      { status: 500, code: 'INTERNAL' },
      { status: 404, code: 'MODEL_NOT_FOUND' },
      { status: 429, code: 'TENANT_RATE_LIMITED' },
    ])
  })

  test('counts a large answer until it is sent, and says so when there is no room for another', async () => {
    const { ask, engines, failures, told, upload } = await openApi({ limits: { maxBodyMemoryBytesPerTenant: MIB } })
    const id = await upload(DOUBLES)
    engines.onRun = (run) => run.answer([outputOf(MIB * 0.75)])
    const first = await ask('run', 'POST', '/run', runOf(id, ''))
    expect(first).toMatchObject({ status: 200 })
    expect(await refusal(ask('run', 'POST', '/run', runOf(id, '')))).toMatch(/^TENANT_BODY_MEMORY_FULL: /)
    expect(failures).toMatchObject([{ error: { code: 'TENANT_BODY_MEMORY_FULL' } }])
    expect(told.at(-1)).toMatchObject({ status: 429, code: 'TENANT_BODY_MEMORY_FULL' })
    // One that fits beside it, and is not sent either.
    engines.onRun = (run) => run.answer([outputOf(MIB * 0.125)])
    const second = await ask('run', 'POST', '/run', runOf(id, ''))
    expect(second).toMatchObject({ status: 200 })
    first.onSent?.()
    second.onSent?.()
    engines.onRun = (run) => run.answer([outputOf(MIB * 0.75)])
    expect(await ask('run', 'POST', '/run', runOf(id, ''))).toMatchObject({ status: 200 })
    engines.onRun = (run) => run.answer([outputOf(MIB)])
    expect(await refusal(ask('run', 'POST', '/run', runOf(id, '')))).toMatch(/^OUTPUT_TOO_LARGE_FOR_MEMORY: /)
  })

  test('tells who sends a body that never fits that no waiting helps', async () => {
    const { ask, engines, told, upload } = await openApi({ limits: { maxBodyMemoryBytesPerTenant: MIB } })
    const body = runOf(await upload(DOUBLES), '', undefined, new Uint8Array(MIB * 0.625))
    expect(await refusal(ask('run', 'POST', '/run', body))).toMatch(/^BODY_TOO_LARGE_FOR_MEMORY: /)
    expect(told.at(-1)).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE_FOR_MEMORY' })
    expect(engines.runs).toEqual([])
  })

  test('counts a body, and the tensors that are copied out of it, until the work is done', async () => {
    const { ask, engines, upload } = await openApi({ limits: { maxBodyMemoryBytesPerTenant: MIB } })
    const id = await upload(DOUBLES)
    const body = runOf(id, '', undefined, new Uint8Array(MIB * 0.375))
    engines.onRun = () => undefined
    const first = ask('run', 'POST', '/run', body)
    const begun = await engines.run(0)
    expect(await refusal(ask('run', 'POST', '/run', body))).toMatch(/^TENANT_BODY_MEMORY_FULL: /)
    begun.answer()
    expect(await first).toMatchObject({ status: 200 })
    engines.onRun = (run) => run.answer()
    expect(await ask('run', 'POST', '/run', body)).toMatchObject({ status: 200 })
  })
})
