import { connect, isBlindAiError, type Session } from '@blindai/client'
import type { Tensor, TensorMetadata } from '@blindai/protocol'
import { createApiKey } from '@blindai/server'
import { Random } from '../fuzz/engine/random.ts'
import { Failure } from '../packages/server/src/runtime/engine/failure.ts'
import { fields } from '../packages/server/src/runtime/engine/onnx/protobuf.ts'
import { screenModel } from '../packages/server/src/runtime/engine/onnx/screen.ts'
import { ELEMENT, model, node, value } from '../tests/support/onnx-writer.ts'
import { type AttestedServer, startServe } from './lib/attested-server.ts'
import { inFolder } from './lib/folder.ts'
import { ModelGrammar } from './lib/model-grammar.ts'
import { isOfModel } from './lib/model-refusals.ts'
import { watchOther } from './lib/other-tenant.ts'
import { asCommand, type Finding } from './lib/report.ts'

/**
 * Hostile models: from a grammar of ONNX, and real ones with changed bytes. All go through the screen that stands before ONNX
 * Runtime; a share is uploaded to a server process, loaded and run there, while another tenant is served.
 *
 *   node --conditions=source reliability/hostile-models.ts [--long]
 */

const SCREENED = { short: 2000, long: 1_000_000 } as const
/** The first that the screen accepts, and as many that it refuses. */
const UPLOADED = { short: 3, long: 1000 } as const
/** No model of 64 KiB takes the screen longer. */
const SCREEN_MS = 1000
/** After so many of them a sound one is taken; what began to fail in between is not of the models. */
const CONTROL_EVERY = 50
const ANSWERED = 'answered'
const TOO_LONG = 'the parser took too long'
/** Another tenant's answer on an idle machine; the short form runs beside other work and takes no time. */
const OTHER_TENANT_MS = 1000
const SMALL_ENGINES = { cores: 2, engineMemoryBytes: 134_217_728, requestDeadlineMs: 5000, loadDeadlineMs: 15_000 }

const DOUBLES = model({
  nodes: [node('Add', ['x', 'x'], ['y'])],
  inputs: [value('x', ELEMENT.float, ['n'])],
  outputs: [value('y', ELEMENT.float, ['n'])],
})

/** Sound, as what every hostile model is to be told from; not the model that the other tenant has. */
const SOUND = model({
  nodes: [node('Mul', ['x', 'x'], ['y'])],
  inputs: [value('x', ELEMENT.float, ['n'])],
  outputs: [value('y', ELEMENT.float, ['n'])],
})

type Violation = { readonly kind: string }
type Parser = (bytes: Uint8Array) => void

export async function checkHostileModels({ long }: { readonly long: boolean }): Promise<readonly Finding[]> {
  const form = long ? 'long' : 'short'
  const accepted: Uint8Array<ArrayBuffer>[] = []
  const refused: Uint8Array<ArrayBuffer>[] = []
  const keep = (bytes: Uint8Array<ArrayBuffer>, isAccepted: boolean): void => {
    const kept = isAccepted ? accepted : refused
    if (kept.length < UPLOADED[form]) kept.push(bytes)
  }
  const findings = [
    screened(
      'a parser that believes its input',
      naiveParser,
      300,
      () => undefined,
      'the parser failed with RangeError',
    ),
    screened('a parser that takes its time', slowParser, 20, () => undefined, TOO_LONG),
    screened('the screen', screenModel, SCREENED[form], keep),
  ]
  // Who hands engines nothing but what the screen refuses tries the screen again, and no engine.
  if (accepted.length === 0) throw new Error('the screen accepted no model')
  if (refused.length === 0) throw new Error('the screen refused no model')
  findings.push(...(await inFolder(long, (folder) => served(folder, [...accepted, ...refused], long))))
  return findings
}

/** Every model is accepted or refused by name, and soon. */
function screened(
  title: string,
  parser: Parser,
  models: number,
  keep: (bytes: Uint8Array<ArrayBuffer>, isAccepted: boolean) => void,
  expected?: string,
): Finding {
  const grammar = new ModelGrammar(new Random(1))
  const violations: Violation[] = []
  let [accepted, slowestMs] = [0, 0]
  let tried = 0
  while (tried < models && !violations.some(({ kind }) => kind === expected)) {
    tried += 1
    const bytes = grammar.next()
    const started = performance.now()
    try {
      parser(bytes)
      accepted += 1
      keep(bytes, true)
    } catch (error) {
      if (error instanceof Failure) keep(bytes, false)
      else violations.push({ kind: `the parser failed with ${error instanceof Error ? error.name : typeof error}` })
    }
    const ms = performance.now() - started
    slowestMs = Math.max(slowestMs, ms)
    if (ms > SCREEN_MS) violations.push({ kind: TOO_LONG })
  }
  return {
    title,
    tried: `${tried} models, ${accepted} accepted, the slowest in ${slowestMs.toFixed(1)} ms`,
    violations,
    ...(expected !== undefined && { expected: [expected] as const }),
  }
}

/** What a screen would be without its bounds: it allocates what a number announces, as some readers of tensors do. */
function naiveParser(bytes: Uint8Array): void {
  for (const { bytes: inner, value: announced } of fields(bytes)) {
    if (announced !== undefined && announced > LARGE) new Uint8Array(Number(announced)).fill(0)
    if (inner !== undefined) parseOrText(inner)
  }
}

const LARGE = 2n ** 48n

/** Bytes that are no message are text. */
function parseOrText(bytes: Uint8Array): void {
  try {
    naiveParser(bytes)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
  }
}

function slowParser(bytes: Uint8Array): void {
  const until = performance.now() + (bytes.byteLength % 5 === 0 ? SCREEN_MS + 100 : 0)
  while (performance.now() < until) screenOrRefuse(bytes)
}

function screenOrRefuse(bytes: Uint8Array): void {
  try {
    screenModel(bytes)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
  }
}

async function served(folder: string, models: readonly Uint8Array<ArrayBuffer>[], long: boolean): Promise<Finding[]> {
  const [alice, bob] = [createApiKey(), createApiKey()]
  const tenants = [
    { name: 'alice', role: 'owner', keySha256: alice.keySha256 },
    { name: 'bob', role: 'owner', keySha256: bob.keySha256 },
  ]
  const server = await startServe(folder, { tenants, limits: SMALL_ENGINES }, [])
  const hostile = await connect({ url: server.url, policy: server.policy, apiKey: alice.key })
  const other = await connect({ url: server.url, policy: server.policy, apiKey: bob.key })
  await other.models.upload(DOUBLES, { name: 'doubles' })
  const watch = watchOther(other)
  const violations: Violation[] = []
  const codes = new Map<string, number>()
  let tried = 0
  // What is taken in the same way before, meanwhile and after shows that refusals are of the models, and not of whoever sends them.
  const control = async (): Promise<void> => {
    const code = await throughEngine(hostile, SOUND)
    if (code !== ANSWERED) violations.push({ kind: `a sound model: ${code}` })
  }
  await control()
  for (const bytes of models) {
    const code = await throughEngine(hostile, bytes)
    codes.set(code, (codes.get(code) ?? 0) + 1)
    if (code !== ANSWERED && !isOfModel(code)) violations.push({ kind: code })
    tried += 1
    if (tried % CONTROL_EVERY === 0) await control()
  }
  await control()
  const { answers, failures, slowestMs } = await watch.end()
  const isSlow = long && slowestMs >= OTHER_TENANT_MS
  const late = isSlow ? [{ kind: `another tenant waited ${Math.round(slowestMs)} ms` }] : []
  await Promise.all([hostile.close(), other.close()])
  return [
    { title: 'models in engines', tried: `${models.length} models: ${said(codes)}`, violations },
    {
      title: 'another tenant meanwhile',
      tried: `${answers} answers, the slowest after ${Math.round(slowestMs)} ms`,
      violations: [...failures, ...late],
    },
    await ended(server),
  ]
}

async function ended(server: AttestedServer): Promise<Finding> {
  const isAlive = server.child.exitCode === null && server.child.signalCode === null
  const how = await server.end('SIGTERM')
  const violations = isAlive && how === 0 ? [] : [{ kind: `the server ended with ${how}` }]
  return { title: 'the process', tried: 'alive to the end, then SIGTERM', violations }
}

/** Uploads a model, runs it if it is taken, deletes it; gives the code of the refusal, or what else came of it. */
async function throughEngine(session: Session, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  try {
    const { sha256, inputs } = await session.models.upload(bytes)
    try {
      await session.infer(sha256, (inputs ?? []).map(anyTensor))
      return ANSWERED
    } finally {
      await session.models.delete(sha256)
    }
  } catch (error) {
    return isBlindAiError(error)
      ? error.code
      : `a failure of the client: ${error instanceof Error ? error.name : 'unknown'}`
  }
}

/** A tensor of zeros that fits what the model says it takes; what has no numbers is sent as they are, to be refused. */
function anyTensor({ name, shape }: TensorMetadata): Tensor {
  const sizes = shape.map((dimension) => (dimension < 0 || dimension > 8 ? 2 : dimension))
  return {
    name,
    datatype: 'FP32',
    shape: sizes,
    data: new Float32Array(sizes.reduce((product, one) => product * one, 1)),
  }
}

function said(codes: ReadonlyMap<string, number>): string {
  return [...codes].map(([code, count]) => `${count} ${code}`).join(', ')
}

await asCommand(import.meta.url, 'Hostile models', checkHostileModels)
