import { type Field, fields, integers } from '../protobuf.ts'
import { NotProven } from './not-proven.ts'

/**
 * Reads of a graph what the proof needs: nodes, attributes, shapes and small tensors of integers. The model has been
 * screened; what can be read in two ways, or lies outside the one graph, ends the proof.
 *
 * Source: onnx.proto (ONNX 1.20); field numbers beside the names.
 */

/** An attribute, in the forms that rules look at. */
export interface Attribute {
  readonly int: number | undefined
  readonly ints: readonly number[]
  readonly text: string | undefined
  readonly tensor: ConstantTensor | undefined
}

export interface GraphNode {
  readonly domain: string
  readonly operator: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: ReadonlyMap<string, Attribute>
}

/** A tensor in the model: its shape, and its elements when they are a few integers. */
export interface ConstantTensor {
  readonly shape: readonly number[]
  readonly integers: readonly number[] | undefined
}

/** An input: its shape, where undefined is an open dimension; no shape at all when the model gives none. */
export interface GraphInput {
  readonly name: string
  readonly shape: readonly (number | undefined)[] | undefined
}

export interface Graph {
  /** Of the main domain. */
  readonly opset: number
  readonly nodes: readonly GraphNode[]
  readonly initializers: ReadonlyMap<string, ConstantTensor>
  readonly inputs: readonly GraphInput[]
  readonly outputs: readonly string[]
}

const MAIN_DOMAINS: ReadonlySet<string> = new Set(['', 'ai.onnx'])
/** Elements of a tensor of integers that is looked into: shapes, axes, starts and ends are shorter. */
const MAX_INTEGERS = 64
/** AttributeProto.AttributeType. */
const INT_ATTRIBUTE = 2
const INTS_ATTRIBUTE = 7
/** TensorProto.DataType. */
const INT32 = 6n
const INT64 = 7n
/** What stands for an end that is never reached. */
const FAR = Number.MAX_SAFE_INTEGER

/** @throws {NotProven}; {Failure} `MODEL_INVALID` for what is no protobuf. */
export function readGraph(model: Uint8Array): Graph {
  let opset: number | undefined
  let graph: Uint8Array | undefined
  for (const field of fields(model)) {
    if (field.number === 7) graph = once(graph, field)
    if (field.number !== 8) continue
    const { domain, version } = readOpset(bytesOf(field))
    if (!MAIN_DOMAINS.has(domain)) continue
    if (opset !== undefined) throw new NotProven('opset-twice')
    opset = version
  }
  if (graph === undefined || opset === undefined) throw new NotProven('no-graph')
  const nodes: GraphNode[] = []
  const initializers: Map<string, ConstantTensor> = new Map()
  const inputs: GraphInput[] = []
  const outputs: string[] = []
  for (const field of fields(graph)) {
    switch (field.number) {
      case 1: // node
        nodes.push(readNode(bytesOf(field)))
        break
      case 5: {
        // initializer
        const { name, tensor } = readTensor(bytesOf(field))
        if (initializers.has(name)) throw new NotProven('name-twice')
        initializers.set(name, tensor)
        break
      }
      case 11: // input
        inputs.push(readInput(bytesOf(field)))
        break
      case 12: // output
        outputs.push(textOf(bytesOf(field), 1))
        break
      case 15: // sparse_initializer
        throw new NotProven('sparse-initializer')
      default: // names, types and notes
    }
  }
  return { opset, nodes, initializers, inputs, outputs }
}

function readOpset(bytes: Uint8Array): { domain: string; version: number } {
  let version = 0
  for (const { number, value } of fields(bytes)) if (number === 2) version = safe(value)
  return { domain: textOf(bytes, 1), version }
}

function readNode(bytes: Uint8Array): GraphNode {
  const inputs: string[] = []
  const outputs: string[] = []
  const attributes: Map<string, Attribute> = new Map()
  for (const field of fields(bytes)) {
    if (field.number === 1) inputs.push(decode(bytesOf(field)))
    else if (field.number === 2) outputs.push(decode(bytesOf(field)))
    else if (field.number === 5) {
      const name = textOf(bytesOf(field), 1)
      if (attributes.has(name)) throw new NotProven('name-twice')
      attributes.set(name, readAttribute(bytesOf(field)))
    }
  }
  const domain = textOf(bytes, 7)
  return { domain: domain === 'ai.onnx' ? '' : domain, operator: textOf(bytes, 4), inputs, outputs, attributes }
}

/** What is not of the announced type ONNX Runtime would not read, or read as the type's zero. Source: AttributeProto, type. */
function readAttribute(bytes: Uint8Array): Attribute {
  let type: number | undefined
  let int: number | undefined
  let text: string | undefined
  let tensor: ConstantTensor | undefined
  const ints: number[] = []
  for (const field of fields(bytes)) {
    switch (field.number) {
      case 3: // i
        if (int !== undefined) throw new NotProven('field-twice')
        int = safe(field.value)
        break
      case 4: // s
        if (text !== undefined) throw new NotProven('field-twice')
        text = decode(bytesOf(field))
        break
      case 5: // t
        if (tensor !== undefined) throw new NotProven('field-twice')
        tensor = readTensor(bytesOf(field)).tensor
        break
      case 8: // ints
        for (const value of integers(field)) ints.push(safe(value))
        break
      case 20: // type
        if (type !== undefined) throw new NotProven('field-twice')
        type = safe(field.value)
        break
      case 21: // ref_attr_name
        throw new NotProven('attribute-reference')
      default: // numbers that no rule looks at, graphs that no rule allows
    }
  }
  if (int !== undefined && type !== INT_ATTRIBUTE) throw new NotProven('attribute-type')
  if (ints.length > 0 && type !== INTS_ATTRIBUTE) throw new NotProven('attribute-type')
  return { int: type === INT_ATTRIBUTE ? (int ?? 0) : undefined, ints, text, tensor }
}

function readTensor(bytes: Uint8Array): { name: string; tensor: ConstantTensor } {
  const shape: number[] = []
  let type: bigint | undefined
  let raw: Uint8Array | undefined
  for (const field of fields(bytes)) {
    if (field.number === 1) for (const value of integers(field)) shape.push(safe(value))
    else if (field.number === 2) {
      if (type !== undefined) throw new NotProven('field-twice')
      type = field.value
    } else if (field.number === 9) raw = once(raw, field)
  }
  const count = shape.reduce((all, length) => all * length, 1)
  const isSmall = shape.length <= 1 && count <= MAX_INTEGERS && (type === INT32 || type === INT64)
  const tensor = { shape, integers: isSmall ? readIntegers(bytes, type === INT64, raw, count) : undefined }
  return { name: textOf(bytes, 8), tensor }
}

function readIntegers(bytes: Uint8Array, isLong: boolean, raw: Uint8Array | undefined, count: number): number[] {
  const values: number[] = []
  if (raw !== undefined) {
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
    const width = isLong ? 8 : 4
    for (let at = 0; at + width <= raw.byteLength; at += width) {
      values.push(isLong ? clamp(view.getBigInt64(at, true)) : view.getInt32(at, true))
    }
  } else {
    // int64_data and int32_data
    for (const field of fields(bytes)) {
      if (field.number === (isLong ? 7 : 5)) for (const value of integers(field)) values.push(safe(value))
    }
  }
  if (values.length !== count) throw new NotProven('tensor-size')
  return values
}

/** ValueInfoProto: type (2) → tensor_type (1) → shape (2) → dim (1) → dim_value (1). */
function readInput(bytes: Uint8Array): GraphInput {
  const type = member(bytes, 2)
  const tensorType = type && member(type, 1)
  const shapeBytes = tensorType && member(tensorType, 2)
  const name = textOf(bytes, 1)
  if (shapeBytes === undefined) return { name, shape: undefined }
  const shape: (number | undefined)[] = []
  for (const field of fields(shapeBytes)) {
    if (field.number !== 1) continue
    let length: number | undefined
    for (const { number, value } of fields(bytesOf(field))) if (number === 1) length = safe(value)
    shape.push(length !== undefined && length >= 0 ? length : undefined)
  }
  return { name, shape }
}

function member(bytes: Uint8Array, number: number): Uint8Array | undefined {
  let found: Uint8Array | undefined
  for (const field of fields(bytes)) if (field.number === number) found = once(found, field)
  return found
}

function once(earlier: Uint8Array | undefined, field: Field): Uint8Array {
  if (earlier !== undefined) throw new NotProven('field-twice')
  return bytesOf(field)
}

function textOf(bytes: Uint8Array, number: number): string {
  return decode(member(bytes, number) ?? new Uint8Array(0))
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw Object.assign(new NotProven('not-utf8'), { cause })
  }
}

function bytesOf({ bytes }: Field): Uint8Array {
  if (bytes === undefined) throw new NotProven('not-protobuf')
  return bytes
}

/** A varint as a signed number. Source: Protocol Buffers, "Encoding": int64 is two's complement. */
function safe(value: bigint | undefined): number {
  if (value === undefined) throw new NotProven('not-protobuf')
  return clamp(BigInt.asIntN(64, value))
}

/** Numbers beyond those that JavaScript counts with are ends that are never reached, and stay so. */
function clamp(value: bigint): number {
  if (value > BigInt(FAR)) return FAR
  if (value < BigInt(-FAR)) return -FAR
  return Number(value)
}
