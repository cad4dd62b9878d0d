import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ServerProcess, startServerProcess } from '../src/demo/server-process.ts'
import { blindai, type Captured } from './capture.ts'

const SAMPLES = fileURLToPath(new URL('../../../samples/', import.meta.url))
const MNIST_SHA256 = '0d715376572e89832685c56a65ef1391f5f0b7dd31d61050c91ff3ecab16c032'
const NOBODYS_SHA256 = '00'.repeat(32)

/** A picture of nothing, as the request that a stock client would send. */
const BLANK_DIGIT = JSON.stringify({
  inputs: [{ name: 'Input3', datatype: 'FP32', shape: [1, 1, 28, 28], data: Array(784).fill(0) }],
})

describe('the command line, against a server of its own', () => {
  let folder = ''
  let server: ServerProcess
  const seen: string[] = []

  /** Runs a command with the server, its policy and its key in the environment. */
  const withServer = async (argv: readonly string[], env: Record<string, string> = {}): Promise<Captured> => {
    const captured = await blindai(argv, {
      folder,
      env: {
        BLINDAI_URL: server.url,
        BLINDAI_POLICY: 'policy.json',
        BLINDAI_KEY_FILE: server.keyFile,
        BLINDAI_STATE: 'state',
        ...env,
      },
    })
    seen.push(captured.stdout, captured.stderr)
    return captured
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'blindai-cli-'))
    const state = ['--state', join(folder, 'state')]
    server = await startServerProcess(
      ['--simulated', '--port', '0', '--plain-port', '0', '--isolation', 'none', ...state],
      new AbortController().signal,
    )
    const init = ['policy', 'init', '--simulated', '--isolation', 'none', '--out', 'policy.json', ...state]
    expect(await blindai(init, { folder })).toMatchObject({ code: 0 })
    expect(await withServer(['models', 'upload', `${SAMPLES}models/mnist.onnx`, '--name', 'mnist'])).toMatchObject({
      code: 0,
    })
    const fashion = ['models', 'upload', `${SAMPLES}models/fashion-resnet`, '--name', 'fashion']
    expect(await withServer(fashion)).toMatchObject({ code: 0 })
  })
  afterAll(async () => {
    await server.stop()
    await rm(folder, { recursive: true })
  })

  test('verify remembers the evaluation number of the server, and refuses an older one', async () => {
    expect(await withServer(['verify', server.url])).toMatchObject({ code: 0 })
    const remembered = join(folder, 'state', 'evaluation-numbers')
    const names = await readdir(remembered)
    const files = await Promise.all(
      names.map(async (name) => ({ name, text: await readFile(join(remembered, name), 'utf8') })),
    )
    const found = files.find(({ text }) => text.includes(server.url))
    if (found === undefined) throw new Error('the server is not remembered')
    const { name, text } = found
    expect(JSON.parse(text)).toMatchObject({ server: `${server.url}/`, seen: [{ tee: 'tdx', number: 21 }] })

    await writeFile(join(remembered, name), text.replace('"number":21', '"number":22'))
    for (const argv of [
      ['verify', server.url],
      ['run', 'mnist', BLANK_DIGIT],
    ]) {
      const refused = await withServer([...argv, '--json'])
      expect(refused.code).toBe(30)
      expect(refused.stdout).toContain('TCB_EVALUATION_ROLLED_BACK')
    }
    const atAnotherTime = ['verify', server.url, '--now', String(Math.floor(Date.now() / 1000))]
    expect(await withServer(atAnotherTime), 'another time is asked beside it').toMatchObject({ code: 0 })

    await writeFile(join(remembered, name), '{')
    const damaged = await withServer(['verify', server.url])
    expect(damaged.code).toBe(1)
    expect(damaged.stderr).toContain('EVALUATION_MEMORY_UNREADABLE')
    await writeFile(join(remembered, name), text)
    expect(await withServer(['verify', server.url])).toMatchObject({ code: 0 })
  })

  test('verify says what was checked, passed and skipped, and ends with 0', async () => {
    const { code, stdout } = await withServer(['verify', server.url])
    expect(code).toBe(0)
    expect(stdout).toContain('AFFIRMING')
    expect(stdout).toContain('trust class: simulated: it protects nothing')
    expect(stdout).toMatch(/^ {2}passed {3}policy\.measurement /m)
    expect(stdout).toMatch(/^ {2}skipped {2}policy\.software /m)
  })

  test('verify --json is the attestation result', async () => {
    const { stdout } = await withServer(['verify', server.url, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, status: 'affirming', trustClass: 'simulated' })
  })

  test('run --evidence writes what a third party checks later, by their own policy', async () => {
    const run = ['run', 'mnist', BLANK_DIGIT, '--evidence', 'evidence.json']
    expect(await withServer(run)).toMatchObject({ code: 0, stderr: expect.stringContaining('evidence written') })
    const check = ['receipts', 'verify', 'evidence.json', '--policy', 'policy.json']
    const { code, stdout } = await blindai(check, { folder })
    expect(code).toBe(0)
    expect(stdout).toContain('SHOWN')
    expect(stdout).toContain(MNIST_SHA256)
    expect(stdout).toContain('what this does not prove')
    expect(await blindai(['receipts', 'verify', 'evidence.json', '--json'], { folder })).toMatchObject({ code: 0 })
    expect(await withServer(run)).toMatchObject({ code: 1, stderr: expect.stringContaining('FILE_EXISTS') })
  })

  test('receipts verify takes a bare receipt with its document, and refuses those of different boots', async () => {
    const evidence = JSON.parse(await readFile(join(folder, 'evidence.json'), 'utf8'))
    await writeFile(join(folder, 'receipt.txt'), `${evidence.receipt.token}\n`)
    await writeFile(join(folder, 'attested.json'), Buffer.from(evidence.document, 'base64url'))
    const check = ['receipts', 'verify', 'receipt.txt', '--policy', 'policy.json', '--document']
    expect(await blindai([...check, 'attested.json'], { folder })).toMatchObject({ code: 0 })
    const hardware = await blindai(['receipts', 'verify', 'receipt.txt', '--document', 'attested.json'], { folder })
    expect(hardware).toMatchObject({ code: 20, stdout: expect.stringContaining('NOT SHOWN') })
    await writeFile(join(folder, 'broken.json'), '{}')
    expect(await blindai(['receipts', 'verify', 'broken.json'], { folder })).toMatchObject({ code: 10 })
    await writeFile(join(folder, 'forged.txt'), evidence.receipt.token.replace(/.{4}$/, 'AAAA'))
    const forged = ['receipts', 'verify', 'forged.txt', '--policy', 'policy.json', '--document', 'attested.json']
    expect(await blindai(forged, { folder })).toMatchObject({
      code: 20,
      stderr: expect.stringContaining('RECEIPT_REFUSED'),
    })
  })

  test('verify judges over Oblivious HTTP too', async () => {
    expect(await withServer(['verify', server.plainUrl, '--transport', 'ohttp'])).toMatchObject({ code: 0 })
  })

  test('verify without a policy refuses simulated evidence with 20', async () => {
    const { code, stdout } = await blindai(['verify', server.url, '--json'])
    expect(code).toBe(20)
    expect(JSON.parse(stdout)).toMatchObject({ failed: { error: { code: 'SIMULATED_NOT_ALLOWED' } } })
  })

  test('verify judges a saved document, whose freshness it skips', async () => {
    const response = await fetch(`${server.plainUrl}/.well-known/blindai/attestation`)
    await writeFile(join(folder, 'document.json'), await response.bytes())
    const at = new Date().toISOString()
    const { code, stdout } = await withServer(['verify', 'document.json', '--now', at, '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ freshness: 'skipped' })
  })

  test('verify ends with 20 for a document of another time', async () => {
    const { code } = await withServer(['verify', 'document.json', '--now', '2040-01-01T00:00:00Z'])
    expect(code).toBe(20)
  })

  test('verify judges a server at another time where one is named', async () => {
    const { code, stdout } = await withServer(['verify', server.url, '--now', '2040-01-01T00:00:00Z', '--json'])
    expect(code).toBe(20)
    expect(JSON.parse(stdout)).toMatchObject({ now: 2208988800, status: 'none' })
  })

  test('verify ends with 10 for a document that is cut short', async () => {
    const document = await readFile(join(folder, 'document.json'))
    await writeFile(join(folder, 'cut.json'), document.subarray(0, -10))
    expect(await withServer(['verify', 'cut.json'])).toMatchObject({ code: 10 })
  })

  test('verify ends with 30 where the policy wants another wall', async () => {
    const policy = JSON.parse(await readFile(join(folder, 'policy.json'), 'utf8'))
    const digest = '00'.repeat(32)
    await writeFile(join(folder, 'other.json'), JSON.stringify({ ...policy, softwareDigests: [digest] }))
    expect(await withServer(['verify', server.url, '--policy', 'other.json'])).toMatchObject({ code: 30 })
  })

  test('models list shows names and, with --json, everything', async () => {
    expect((await withServer(['models', 'list'])).stdout).toMatch(/^mnist .*0d715376572e8983$/m)
    const { models } = JSON.parse((await withServer(['models', 'list', '--json'])).stdout)
    expect(models).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'mnist', sha256: MNIST_SHA256 })]))
  })

  test('models show has inputs and outputs', async () => {
    const { stdout } = await withServer(['models', 'show', 'mnist'])
    expect(stdout).toContain(MNIST_SHA256)
    expect(stdout).toMatch(/Input3 +FP32\[1,1,28,28\]/)
  })

  test('run takes tensors as JSON and prints the first elements', async () => {
    const { code, stdout } = await withServer(['run', 'mnist', BLANK_DIGIT])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Plus214_Output_0 {2}FP32\[1,10\]$/m)
  })

  test('run --json has every element', async () => {
    const { outputs } = JSON.parse((await withServer(['run', 'mnist', BLANK_DIGIT, '--json'])).stdout)
    expect(outputs[0].data).toHaveLength(10)
  })

  test('run takes several pictures and answers each', async () => {
    const pictures = ['sneaker', 'bag'].map((kind) => `${SAMPLES}images/fashion_${kind}.png`)
    const { stdout } = await withServer(['run', 'fashion', ...pictures, '--json'])
    const { outputs } = JSON.parse(stdout)
    expect(outputs.map(([best]: { label: string }[]) => best?.label)).toEqual(['Sneaker', 'Bag'])
  })

  test('run goes over Oblivious HTTP through the plain port', async () => {
    const picture = `${SAMPLES}images/fashion_dress.png`
    const { code, stdout } = await withServer(['run', 'fashion', picture, '--url', server.plainUrl])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ +\d+\.\d % {2}Dress$/m)
  })

  test('grant and revoke name a tenant', async () => {
    expect(await withServer(['models', 'grant', 'mnist', '*'])).toMatchObject({ code: 0 })
    expect(await withServer(['models', 'revoke', 'mnist', '*'])).toMatchObject({ code: 0 })
  })

  test('a model that nobody has is an error to correct', async () => {
    const { code, stdout } = await withServer(['run', NOBODYS_SHA256, BLANK_DIGIT, '--json'])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'MODEL_NOT_FOUND', family: 'fix' } })
  })

  test('without a key the server says so', async () => {
    const { code, stderr } = await withServer(['models', 'list'], { BLINDAI_KEY_FILE: '' })
    expect(code).toBe(1)
    expect(stderr).toContain('UNAUTHENTICATED')
  })

  test('delete takes a model away', async () => {
    expect(await withServer(['models', 'upload', `${SAMPLES}models/mnist.onnx`, '--name', 'gone'])).toMatchObject({
      code: 0,
    })
    expect(await withServer(['models', 'delete', 'gone'])).toMatchObject({ code: 0, stdout: 'deleted gone\n' })
    expect(await withServer(['models', 'show', 'gone'])).toMatchObject({ code: 1 })
  })

  test('models upload fills short texts up, of a model to which that is harmless', async () => {
    const upload = (sample: string, places: string): Promise<{ code: number | null; stderr: string }> =>
      withServer(['models', 'upload', `${SAMPLES}models/${sample}`, '--name', 'texts', '--pad-to-multiple-of', places])
    expect(await upload('sms-spam-bert', '8')).toMatchObject({ code: 0 })
    const { stdout } = await withServer(['models', 'show', 'texts', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ padToMultipleOf: 8 })
    const refused = await upload('mobilenet_v2_1.0_224', '8')
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('PADDING_NOT_PROVEN')
    expect(await upload('sms-spam-bert', 'few')).toMatchObject({ code: 2 })
    expect(await withServer(['models', 'delete', 'texts'])).toMatchObject({ code: 0 })
  })

  test('policy init believes a simulated server only when both are said', async () => {
    const init = ['policy', 'init', '--trust-on-first-use', '--url', server.url]
    expect(await withServer(init)).toMatchObject({ code: 20 })
    const { code, stdout } = await withServer([...init, '--simulated', '--isolation', 'none', '--json'])
    expect(code).toBe(0)
    const policy = JSON.parse(stdout)
    expect(policy.simulated.measurements[0].source).toBe('trust-on-first-use')
    await writeFile(join(folder, 'first-use.json'), stdout)
    expect(await withServer(['verify', server.url, '--policy', 'first-use.json'])).toMatchObject({ code: 0 })
  })

  test('nothing that was printed holds the key', async () => {
    const key = (await readFile(server.keyFile, 'utf8')).trim()
    expect(seen.filter((text) => text.includes(key))).toEqual([])
  })
})

describe('the command line, without a server', () => {
  test('ends with 75 when nobody answers', async () => {
    expect(await blindai(['verify', 'https://127.0.0.1:9'])).toMatchObject({ code: 75 })
  })

  test('wants a server to be named', async () => {
    expect(await blindai(['models', 'list'])).toMatchObject({ code: 2 })
  })

  test('refuses a policy that it cannot parse', async () => {
    const { code, stderr } = await blindai(['verify', 'https://127.0.0.1:9', '--policy', 'package.json'])
    expect(code).toBe(1)
    expect(stderr).toContain('POLICY_INVALID')
  })

  test('takes no key that could not be one, and does not show it', async () => {
    const { code, stdout } = await blindai(['models', 'list', '--url', 'https://127.0.0.1:9', '--json'], {
      env: { BLINDAI_API_KEY: 'two words' },
    })
    expect(code).toBe(1)
    expect(stdout).toContain('KEY_INVALID')
    expect(stdout).not.toContain('two words')
  })

  test('serves nothing without a source of evidence, and names what is supported', async () => {
    const { code, stdout } = await blindai(['serve', '--json'])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'EVIDENCE_UNAVAILABLE', details: { supported: [expect.stringContaining('--simulated')] } },
    })
  })

  test('writes no policy that says nothing of whom to trust', async () => {
    expect(await blindai(['policy', 'init'])).toMatchObject({ code: 2 })
  })
})
