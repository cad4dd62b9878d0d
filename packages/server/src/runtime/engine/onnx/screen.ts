import { Failure } from '../failure.ts'
import { checkCalls, type FunctionBody, functionKey } from './functions.ts'
import { type Field, fields, integers } from './protobuf.ts'

/**
 * Looks through a model before ONNX Runtime sees a byte of it: every graph, subgraph and function, every attribute and
 * initializer.
 *
 * Refused are operators outside the domains that ONNX Runtime itself brings, weights outside the file, what refers to
 * other files, function calls in circles, and numbers of things that no real model has. It does not promise that what is
 * left is harmless to compute: memory and time are bounded by the process around it.
 *
 * Source: onnx.proto (ONNX 1.20); field numbers beside the names.
 */
export function screenModel(model: Uint8Array): void {
  // Flatbuffers in ORT format carry this mark and would pass by a protobuf reader. Source: ORT format, "file identifier".
  if (String.fromCharCode(...model.subarray(4, 8)) === 'ORTM') throw refused('ort-format')
  if (model.byteLength === 0) throw new Failure('MODEL_INVALID', 'empty')
  new Screening().model(model)
}

/**
 * Where ONNX Runtime's CPU provider has operators; the first two are one domain. Only what nodes use counts: tools import
 * operator sets that they never use.
 */
const DOMAINS: ReadonlySet<string> = new Set(['', 'ai.onnx', 'ai.onnx.ml', 'com.microsoft', 'com.microsoft.nchwc'])

/** Operators that name files or code outside the model. */
const REFUSED_OPERATORS: ReadonlySet<string> = new Set(['EPContext', 'PyOp', 'ATen'])

const MAX_NODES = 200_000
const MAX_TENSORS = 200_000
const MAX_FUNCTIONS = 10_000
const MAX_DEPTH = 16
const MAX_PORTS = 1024
const MAX_NAME_BYTES = 4096
const MAX_DIMENSIONS = 32
const MAX_ELEMENTS = 2n ** 40n

/** TensorProto.DataType → bytes of an element in raw_data; others (strings, packed 4 bit) are for ONNX Runtime. */
const ELEMENT_BYTES: ReadonlyMap<bigint, bigint> = new Map([
  [1n, 4n], // FLOAT
  [2n, 1n], // UINT8
  [3n, 1n], // INT8
  [4n, 2n], // UINT16
  [5n, 2n], // INT16
  [6n, 4n], // INT32
  [7n, 8n], // INT64
  [9n, 1n], // BOOL
  [10n, 2n], // FLOAT16
  [11n, 8n], // DOUBLE
  [12n, 4n], // UINT32
  [13n, 8n], // UINT64
  [16n, 2n], // BFLOAT16
])

class Screening {
  readonly #functions: Map<string, FunctionBody> = new Map()
  #nodes = 0
  #tensors = 0

  model(bytes: Uint8Array): void {
    // Functions come after the graph that calls them: their names are needed first.
    for (const field of fields(bytes)) if (field.number === 25) this.#declare(message(field))
    const main: FunctionBody = { nodes: 0, calls: new Map() }
    let graphs = 0
    for (const field of fields(bytes)) {
      switch (field.number) {
        case 7: // graph
          if (++graphs > 1) throw refused('duplicate-field', 'graph')
          this.#graph(message(field), main, 0)
          break
        case 20: // training_info
          throw refused('training-information')
        case 25: // functions
          this.#function(message(field))
          break
        default: // names, versions and imported operator sets
      }
    }
    if (graphs === 0) throw new Failure('MODEL_INVALID', 'no-graph')
    checkCalls(main, this.#functions, MAX_NODES)
  }

  #declare(bytes: Uint8Array): void {
    const { domain, name, overload } = functionNames(bytes)
    const key = functionKey(domain, name, overload)
    if (this.#functions.has(key)) throw refused('duplicate-function')
    if (this.#functions.size >= MAX_FUNCTIONS) throw refused('too-many-functions', MAX_FUNCTIONS)
    this.#functions.set(key, { nodes: 0, calls: new Map() })
  }

  #function(bytes: Uint8Array): void {
    const { domain, name, overload } = functionNames(bytes)
    const body = this.#functions.get(functionKey(domain, name, overload))
    if (body === undefined) throw refused('function-domain')
    for (const field of fields(bytes)) {
      if (field.number === 7) this.#node(message(field), body, 0)
      else if (field.number === 11) this.#attribute(message(field), body, 0)
    }
  }

  #graph(bytes: Uint8Array, body: FunctionBody, depth: number): void {
    if (depth > MAX_DEPTH) throw refused('nesting', MAX_DEPTH)
    let inputs = 0
    let outputs = 0
    for (const field of fields(bytes)) {
      switch (field.number) {
        case 1: // node
          this.#node(message(field), body, depth)
          break
        case 5: // initializer
          this.#tensor(message(field))
          break
        case 11: // input
          if (++inputs > MAX_PORTS) throw refused('too-many-inputs', MAX_PORTS)
          break
        case 12: // output
          if (++outputs > MAX_PORTS) throw refused('too-many-outputs', MAX_PORTS)
          break
        case 15: // sparse_initializer
          this.#sparseTensor(message(field))
          break
        default: // names, types and notes
      }
    }
  }

  #node(bytes: Uint8Array, body: FunctionBody, depth: number): void {
    if (++this.#nodes > MAX_NODES) throw refused('too-many-nodes', MAX_NODES)
    body.nodes++
    const domain = only(bytes, 7, 'domain')
    const operator = only(bytes, 4, 'op_type')
    const key = functionKey(domain, operator, only(bytes, 8, 'overload'))
    if (this.#functions.has(key)) body.calls.set(key, (body.calls.get(key) ?? 0) + 1)
    else if (!DOMAINS.has(domain)) throw refused('operator-domain', domain)
    else if (REFUSED_OPERATORS.has(operator)) throw refused('operator', operator)
    for (const field of fields(bytes)) if (field.number === 5) this.#attribute(message(field), body, depth)
  }

  #attribute(bytes: Uint8Array, body: FunctionBody, depth: number): void {
    for (const field of fields(bytes)) {
      switch (field.number) {
        case 5: // t
        case 10: // tensors
          this.#tensor(message(field))
          break
        case 6: // g
        case 11: // graphs
          this.#graph(message(field), body, depth + 1)
          break
        case 22: // sparse_tensor
        case 23: // sparse_tensors
          this.#sparseTensor(message(field))
          break
        default: // numbers, strings and types
      }
    }
  }

  #sparseTensor(bytes: Uint8Array): void {
    for (const field of fields(bytes)) if (field.number === 1 || field.number === 2) this.#tensor(message(field))
  }

  #tensor(bytes: Uint8Array): void {
    if (++this.#tensors > MAX_TENSORS) throw refused('too-many-tensors', MAX_TENSORS)
    let rank = 0
    let elements = 1n
    let type: bigint | undefined
    let rawBytes: number | undefined
    for (const field of fields(bytes)) {
      switch (field.number) {
        case 1: // dims
          for (const dimension of integers(field)) {
            if (++rank > MAX_DIMENSIONS) throw refused('too-many-dimensions', MAX_DIMENSIONS)
            elements *= dimension
            if (elements > MAX_ELEMENTS) throw refused('tensor-size')
          }
          break
        case 2: // data_type
          type = field.value
          break
        case 9: // raw_data
          rawBytes = message(field).byteLength
          break
        case 13: // external_data
          throw refused('external-data')
        case 14: // data_location
          if (field.value !== 0n) throw refused('external-data')
          break
        default: // the data in its other forms, and names
      }
    }
    const size = type === undefined ? undefined : ELEMENT_BYTES.get(type)
    if (rawBytes !== undefined && size !== undefined && BigInt(rawBytes) !== elements * size)
      throw refused('tensor-size')
  }
}

function functionNames(bytes: Uint8Array): { domain: string; name: string; overload: string } {
  const names = {
    domain: only(bytes, 10, 'domain'),
    name: only(bytes, 1, 'name'),
    overload: only(bytes, 13, 'overload'),
  }
  // A function may not stand in for an operator of ONNX Runtime's own.
  if (DOMAINS.has(names.domain)) throw refused('function-domain', names.domain)
  return names
}

/** The text of a singular field, empty when absent. Two of them could be read in two ways. */
function only(bytes: Uint8Array, number: number, name: string): string {
  let text: string | undefined
  for (const field of fields(bytes)) {
    if (field.number !== number) continue
    if (text !== undefined) throw refused('duplicate-field', name)
    const value = message(field)
    if (value.byteLength > MAX_NAME_BYTES) throw refused('name-too-long', MAX_NAME_BYTES)
    text = strictText(value, name)
  }
  return text ?? ''
}

/** A name that means one thing: no byte order mark is dropped, no byte replaced. */
function strictText(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new Failure('MODEL_REFUSED', 'not-utf8', name, { cause })
  }
}

function message({ bytes }: Field): Uint8Array {
  if (bytes === undefined) throw new Failure('MODEL_INVALID', 'not-protobuf')
  return bytes
}

function refused(reason: string, subject: string | number | null = null): Failure {
  return new Failure('MODEL_REFUSED', reason, subject)
}
