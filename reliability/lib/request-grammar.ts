import { readFileSync } from 'node:fs'
import { mutate } from '../../fuzz/engine/mutate.ts'
import type { Random } from '../../fuzz/engine/random.ts'

/** A request that a hostile client could send. */
export interface HostileAsk {
  readonly method: string
  /** With the query. */
  readonly target: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Buffer
}

/** In every text of the grammar's own; a refusal holds it nowhere. */
export const CANARY = 'canary9f3b'

/** What the server knows: its tenant's model, and keys. */
export interface Known {
  readonly keys: readonly string[]
  /** Under the name `doubles`. */
  readonly sha256: string
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND', 'QUERY']

const TEMPLATES: readonly (readonly [string, string])[] = [
  ['GET', '/.well-known/blindai/attestation?nonce={nonce}'],
  ['POST', '/.well-known/blindai/channel'],
  ['POST', '/.well-known/blindai/ohttp'],
  ['GET', '/v2'],
  ['GET', '/v2/health/live'],
  ['GET', '/v2/health/ready'],
  ['GET', '/v2/models/{model}'],
  ['GET', '/v2/models/{model}/ready'],
  ['GET', '/v2/models/{model}/versions/{version}'],
  ['POST', '/v2/models/{model}/infer'],
  ['POST', '/v2/models/{model}/infer'],
  ['POST', '/v2/models/{model}/versions/{version}/infer'],
  ['POST', '/v1/tasks/{task}'],
  ['GET', '/v1/models'],
  ['GET', '/v1/models/{model}'],
  ['HEAD', '/v1/models/{digest}'],
  ['PUT', '/v1/models/{digest}?name={name}&kind={kind}&task={task}'],
  ['DELETE', '/v1/models/{other}'],
  ['PUT', '/v1/models/{other}/grants/{name}'],
  ['DELETE', '/v1/models/{other}/grants/{name}'],
  ['DELETE', '/v1/quarantine/{digest}'],
]

const TENSOR = { name: 'x', datatype: 'FP32', shape: [2], data: [1.5, -2] }
const INFER = JSON.stringify({ id: '7', inputs: [TENSOR], outputs: [{ name: 'y' }] })
const BODIES: readonly Buffer[] = [
  INFER,
  JSON.stringify({
    inputs: [{ ...TENSOR, parameters: { n: 1, s: CANARY } }],
    parameters: { binary_data_output: true },
  }),
  JSON.stringify({ model: 'doubles', inputs: [CANARY], parameters: { top_k: 1 } }),
  JSON.stringify({ nonce: Buffer.alloc(32, 1).toString('base64url') }),
].map((text) => Buffer.from(text))

const EXTRA: readonly string[] = [
  ...['content-encoding', 'expect', 'inference-header-content-length', 'blindai-operation-id', 'blindai-receipt'],
  ...['upload-offset', 'upload-length', 'content-type', 'accept', 'x-request-id', 'range', 'if-match', 'cookie', 'te'],
  ...['x-forwarded-for', 'forwarded', 'origin', 'access-control-request-method', 'priority', 'x'],
]

/** Recorded requests of BlindAI 0.6. */
export const LEGACY_BODIES: readonly Buffer[] = ['upload', 'run-by-id', 'run-by-hash', 'run-two-inputs', 'delete'].map(
  (name) => readFileSync(new URL(`../../vectors/legacy/${name}.cbor`, import.meta.url)),
)

/** Requests over every route: most of them nearly right, so that each check of the server is reached. */
export class RequestGrammar {
  readonly #random: Random
  readonly #known: Known

  constructor(random: Random, known: Known) {
    this.#random = random
    this.#known = known
  }

  next(): HostileAsk {
    const random = this.#random
    const [usual, template] = random.pick(TEMPLATES)
    const method = random.oneIn(12) ? random.pick(METHODS) : usual
    const target = template.replaceAll(/\{(\w+)\}/g, (_, slot: string) => this.#slot(slot))
    const body = usual === 'POST' || usual === 'PUT' || random.oneIn(20) ? this.#body() : Buffer.alloc(0)
    return { method, target: random.oneIn(25) ? this.#bend(target) : target, headers: this.#headers(body), body }
  }

  /** A body of BlindAI 0.6 that has been changed. */
  nextLegacy(): Buffer {
    return this.#changed(this.#random.pick(LEGACY_BODIES), LEGACY_BODIES, false)
  }

  #slot(slot: string): string {
    const random = this.#random
    const odd = [
      '',
      CANARY,
      `${CANARY}~x`,
      '%ff',
      '%2e%2e%2f',
      '..',
      'x'.repeat(3000),
      '%00',
      'a b',
      '*',
      '~',
      '💥',
      '-1',
      '1e9',
    ]
    if (random.oneIn(4)) return encodeURI(random.pick(odd)).replace('%25', '%')
    const { sha256 } = this.#known
    // biome-ignore format: one slot a row
    switch (slot) {
      case 'model':   return random.pick(['doubles', sha256])
      case 'version': return random.pick(['1', sha256, '2'])
      case 'digest':  return random.pick([sha256, 'ab'.repeat(32), CANARY])
      case 'task':    return random.pick(['text-classification', 'image-classification', CANARY])
      case 'kind':    return random.pick(['onnx', 'bundle', CANARY])
      case 'nonce':   return random.pick(['', 'AAAA', Buffer.alloc(32, 3).toString('base64url')])
      default:        return CANARY
    }
  }

  #bend(target: string): string {
    const random = this.#random
    const at = random.below(target.length)
    const piece = random.pick(['/', '//', '/../', '?', '%', '%zz', ';', '&', '=', CANARY, '\u00e9'])
    return encodeURI(`/${target.slice(1, at + 1)}${piece}${target.slice(at + 1)}`).replaceAll('%25', '%')
  }

  #headers(body: Buffer): (readonly [string, string])[] {
    const random = this.#random
    const headers: [string, string][] = []
    if (!random.oneIn(10)) headers.push(['authorization', this.#authorization()])
    if (random.oneIn(6)) headers.push(['inference-header-content-length', String(random.below(body.byteLength + 2))])
    for (let extra = random.below(4) - 1; extra > 0; extra--) headers.push([random.pick(EXTRA), this.#value()])
    if (random.oneIn(200)) for (let i = 0; i < 100; i++) headers.push([`x-${CANARY}-${i}`, CANARY])
    if (random.oneIn(200)) headers.push(['x', CANARY.repeat(2000)])
    return headers
  }

  #authorization(): string {
    const random = this.#random
    if (random.oneIn(8))
      return random.pick([CANARY, 'Bearer', `Bearer ${CANARY}`, 'Basic Og==', `Bearer ${'k'.repeat(600)}`])
    return `Bearer ${random.pick(this.#known.keys)}`
  }

  #value(): string {
    return this.#random.pick([
      ...['', '0', '1', '-1', '99999999999999999999', '1.5', 'gzip', 'identity', '100-continue', CANARY, '*/*'],
      ...['application/json', 'application/octet-stream', 'message/ohttp-req', 'bytes=0-', CANARY.repeat(5)],
    ])
  }

  #body(): Buffer {
    const random = this.#random
    const body = random.pick(BODIES)
    if (random.oneIn(10)) return body
    if (random.oneIn(40)) return Buffer.from(random.pick(['[', '{"a":', '"', '{"inputs":[']).repeat(2000))
    if (random.oneIn(10)) return Buffer.from(Uint8Array.from({ length: random.below(200) }, () => random.below(256)))
    return this.#changed(body, BODIES, true)
  }

  #changed(body: Buffer, inputs: readonly Buffer[], isText: boolean): Buffer {
    const all = inputs.map((input) => new Uint8Array(input))
    return Buffer.from(mutate(new Uint8Array(body), { random: this.#random, inputs: all, isText, maxBytes: 16_384 }))
  }
}
