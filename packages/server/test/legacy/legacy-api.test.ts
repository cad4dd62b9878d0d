import { describe, expect, test } from 'vitest'
import { cborArray, cborBytes, cborMap, cborText, cborUnsigned } from '../../src/legacy/cbor-writer.ts'
import { engineError, TENSOR } from '../fixtures/fake-engines.ts'
import { digestOf } from '../fixtures/house.ts'
import { DOUBLES, SQUARES } from '../fixtures/tiny-models.ts'
import { deleteOf, idOf, openApi, refusal, runOf, uploadOf } from './legacy-house.ts'
import { recorded } from './vectors.ts'

describe('the interface of BlindAI 0.6', () => {
  test('shows its certificate, says that it is a mock, and has no evidence that a 0.6 client could read', async () => {
    const { ask } = await openApi()
    const { status, headers, bytes } = await ask('attest', 'GET', '/')
    expect({ status, bytes }).toEqual({ status: 200, bytes: Buffer.from([0x43, 1, 2, 3]) })
    expect(headers).toMatchObject({ server: expect.stringContaining('mock'), 'content-type': 'application/cbor' })
    for (const path of ['/quote', '/collateral', '/run', '/x']) {
      expect(await ask('attest', 'GET', path)).toMatchObject({ status: 404 })
    }
    expect(await ask('attest', 'POST', '/upload', recorded('upload'))).toMatchObject({ status: 404 })
  })

  test('answers any GET where the client looks whether the connection holds, and no method on the wrong port', async () => {
    const { ask } = await openApi()
    expect(await ask('run', 'GET', '/')).toMatchObject({ status: 200, bytes: Buffer.from([0xf6]) })
    expect(await ask('manage', 'GET', '/whatever')).toMatchObject({ status: 200 })
    expect(await ask('run', 'POST', '/upload', recorded('upload'))).toMatchObject({ status: 404 })
    expect(await ask('run', 'POST', '/delete', recorded('delete'))).toMatchObject({ status: 404 })
    expect(await ask('manage', 'POST', '/run', recorded('run-by-id'))).toMatchObject({ status: 404 })
  })

  test('takes an upload as the client writes it, runs it by id and by hash, and deletes it', async () => {
    const { ask, engines } = await openApi()
    engines.onRun = (run) => run.answer([{ ...TENSOR, shape: [3], data: new Uint8Array(12).fill(1) }])
    const answer = await ask('manage', 'POST', '/upload', recorded('upload'))
    const id = idOf(answer)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    const sha256 = Buffer.from(digestOf(DOUBLES), 'hex')
    expect(answer.bytes).toEqual(Buffer.from(cborMap({ hash: cborBytes(sha256), model_id: cborText(id) })))

    const info = cborMap({
      fact: cborArray([cborUnsigned(3)]),
      datum_type: cborText('F32'),
      node_name: cborText('y'),
    })
    const outputs = cborMap({
      outputs: cborArray([cborMap({ info, bytes_data: cborBytes(new Uint8Array(12).fill(1)) })]),
    })
    expect(await ask('run', 'POST', '/run', recorded('run-by-hash'))).toMatchObject({
      status: 200,
      bytes: Buffer.from(outputs),
    })
    expect(await ask('run', 'POST', '/run', runOf(id, ''))).toMatchObject({ status: 200 })
    expect(engines.runs.map(({ inputs }) => inputs.map(({ name }) => name))).toEqual([['x'], ['x']])

    expect(await ask('manage', 'POST', '/delete', deleteOf(id))).toMatchObject({
      status: 200,
      bytes: Buffer.from([0xf6]),
    })
    expect(await refusal(ask('run', 'POST', '/run', runOf(id, '')))).toMatch(/^MODEL_NOT_FOUND: /)
    expect(await refusal(ask('manage', 'POST', '/delete', deleteOf(id)))).toMatch(/^MODEL_NOT_FOUND: /)
  })

  test('keeps the id of a model that is sent again, and no copy of its bytes', async () => {
    const { models, upload } = await openApi()
    const id = await upload(DOUBLES)
    expect(await upload(DOUBLES)).toBe(id)
    expect(await upload(SQUARES)).not.toBe(id)
    expect(models.quota.of('legacy')).toBe(DOUBLES.byteLength + SQUARES.byteLength)
  })

  test.each([
    ['FP64', 'F64'],
    ['INT32', 'I32'],
    ['INT64', 'I64'],
    ['UINT32', 'U32'],
    ['UINT64', 'U64'],
    ['UINT8', 'U8'],
    ['UINT16', 'U16'],
    ['INT8', 'I8'],
    ['INT16', 'I16'],
    ['BOOL', 'Bool'],
  ] as const)('writes outputs of %s as %s', async (datatype, name) => {
    const { ask, engines, upload } = await openApi()
    const id = await upload(DOUBLES)
    engines.onRun = (run) => run.answer([{ ...TENSOR, datatype, shape: [0], data: new Uint8Array() }])
    const { status, bytes } = await ask('run', 'POST', '/run', runOf(id, ''))
    expect(status).toBe(200)
    expect(bytes.includes(Buffer.concat([Buffer.from('datum_type'), cborText(name)]))).toBe(true)
  })

  test('refuses outputs that 0.6 has no name for', async () => {
    const { ask, engines, upload } = await openApi()
    const id = await upload(DOUBLES)
    engines.onRun = (run) => run.answer([{ ...TENSOR, datatype: 'FP16', shape: [1], data: new Uint8Array(2) }])
    expect(await refusal(ask('run', 'POST', '/run', runOf(id, '')))).toMatch(/^LEGACY_DATATYPE_UNSUPPORTED: /)
  })

  test('sees models of nobody else, and runs by hash what it was granted', async () => {
    const house = await openApi()
    const foreign = await house.uploadKeyed('alice', SQUARES, '?name=squares')
    expect(await refusal(house.ask('run', 'POST', '/run', runOf('', foreign)))).toMatch(/^MODEL_NOT_FOUND: /)
    await house.askKeyed('PUT', `/v1/models/${foreign}/grants/legacy`, { as: 'alice' })
    expect(await house.ask('run', 'POST', '/run', runOf('', foreign))).toMatchObject({ status: 200 })
  })

  test('lets nobody with a key see its models', async () => {
    const house = await openApi()
    await house.upload(DOUBLES)
    for (const as of ['alice', 'root'] as const) {
      expect(await house.askKeyed('GET', `/v1/models/${digestOf(DOUBLES)}`, { as })).toMatchObject({ status: 404 })
    }
  })

  test('refuses by a sentence of a closed list that holds nothing of the request', async () => {
    const { ask, engines, failures, upload } = await openApi()
    const id = await upload(DOUBLES)
    const secret = cborText('secret-name')
    expect(await refusal(ask('run', 'POST', '/run', runOf(id, id)))).toMatch(/^LEGACY_MODEL_UNCLEAR: /)
    expect(await refusal(ask('run', 'POST', '/run', cborMap({ 'secret-member': secret })))).toBe(
      'UNKNOWN_MEMBER: Remove the member, or check its spelling.',
    )
    expect(await refusal(ask('manage', 'POST', '/upload', new Uint8Array()))).toMatch(/^TRUNCATED: /)
    expect(failures).toHaveLength(2)
    engines.onRun = (run) => run.fail(engineError('INPUT_INVALID'))
    expect(await refusal(ask('run', 'POST', '/run', runOf(id, '', secret)))).toBe('INPUT_INVALID: Test.')
    engines.onRun = (run) => run.fail(new TypeError('secret cause'))
    expect(await refusal(ask('run', 'POST', '/run', runOf(id, '')))).toMatch(/^INTERNAL: /)
    expect(failures.at(-1)).toMatchObject({ error: { status: 500, code: 'INTERNAL' } })
  })

  test('leaves nothing of an upload that is refused', async () => {
    const { ask, engines, models } = await openApi()
    engines.beforeStart = async () => {
      throw engineError('MODEL_INVALID')
    }
    expect(await refusal(ask('manage', 'POST', '/upload', uploadOf(DOUBLES)))).toMatch(/^MODEL_INVALID: /)
    expect(await refusal(ask('manage', 'POST', '/upload', recorded('upload').subarray(0, 60)))).toMatch(/^TRUNCATED: /)
    expect(models.list('legacy')).toEqual([])
    expect(models.quota.of('legacy')).toBe(0)
  })

  test('bounds models and requests', async () => {
    const { ask } = await openApi({ limits: { maxModelBytes: 1024, maxRequestBytes: 1024 } })
    expect(await refusal(ask('manage', 'POST', '/upload', uploadOf(new Uint8Array(1025))))).toMatch(/^TOO_LONG: /)
    expect(await refusal(ask('run', 'POST', '/run', new Uint8Array(1025)))).toMatch(/^BODY_TOO_LARGE: /)
    expect(await refusal(ask('manage', 'POST', '/delete', new Uint8Array(1025)))).toMatch(/^BODY_TOO_LARGE: /)
  })

  test('takes two uploads at a time', async () => {
    const { ask, engines } = await openApi()
    const loading = Promise.withResolvers<void>()
    engines.beforeStart = () => loading.promise
    const first = [DOUBLES, SQUARES].map((model) => ask('manage', 'POST', '/upload', uploadOf(model)))
    expect(await refusal(ask('manage', 'POST', '/upload', uploadOf(DOUBLES)))).toMatch(/^LEGACY_BUSY: /)
    loading.resolve()
    for (const answer of await Promise.all(first)) expect(answer).toMatchObject({ status: 200 })
    expect(await ask('manage', 'POST', '/upload', uploadOf(DOUBLES))).toMatchObject({ status: 200 })
  })
})
