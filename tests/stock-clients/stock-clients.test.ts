import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { toRaw } from '@blindai/protocol'
import { parsePolicy } from '@blindai/verifier'
import { describe, expect, onTestFinished, test } from 'vitest'
import { policyOf, serve } from '../support/served.ts'

const SCRIPT = fileURLToPath(new URL('grpc_by_reflection.py', import.meta.url))
const MNIST = fileURLToPath(new URL('../../samples/models/mnist.onnx', import.meta.url))

/** A Python with Debian's gRPC; the one of the path may be another than the system's. */
const PYTHON = ['python3', '/usr/bin/python3'].find(
  (python) => spawnSync(python, ['-c', 'import grpc, google.protobuf']).status === 0,
)
if (PYTHON === undefined && (process.env.BLINDAI_REQUIRE ?? '').split(',').includes('python')) {
  throw new Error('BLINDAI_REQUIRE names python, and there is none with grpcio and protobuf')
}

describe.skipIf(PYTHON === undefined)('a client of nothing but grpcio', () => {
  test('asks for the .proto file, and gets the answer of a real model bit for bit', { timeout: 60_000 }, async () => {
    const served = await serve({ unattestedClients: true })
    onTestFinished(() => served.close())
    const { config, ...policy } = policyOf(served.simulator)
    const accepts = parsePolicy({ ...policy, config: { ...Object(config), unattestedClients: [true] } })
    const session = await served.connect('alice', { policy: accepts })
    await session.models.upload(new Uint8Array(await readFile(MNIST)), { name: 'mnist' })
    const ones = {
      name: 'Input3',
      datatype: 'FP32',
      shape: [1, 1, 28, 28],
      data: new Float32Array(784).fill(1),
    } as const
    const direct = await session.infer('mnist', [ones])

    const folder = await mkdtemp(join(tmpdir(), 'blindai-stock-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const keyFile = join(folder, 'alice.key')
    await writeFile(keyFile, `${served.key('alice')}\n`, { mode: 0o600 })
    const { host } = new URL(served.server.url)
    const env = { ...process.env, BLINDAI_KEY_FILE: keyFile }
    const { stdout } = await promisify(execFile)(PYTHON ?? '', [SCRIPT, host, 'mnist'], { env })
    expect(JSON.parse(stdout)).toEqual({
      healthy: true,
      model: 'mnist',
      id: '1',
      outputs: direct.outputs.map((output) => {
        const { name, datatype, shape, data } = toRaw(output)
        return { name, datatype, shape: [...shape], data: Buffer.from(data).toString('hex') }
      }),
    })
    expect(direct.outputs).toHaveLength(1)
  })
})
