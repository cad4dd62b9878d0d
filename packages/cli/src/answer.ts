import type { JsonValue } from '@blindai/core'
import { type Tensor, unpackHalf } from '@blindai/protocol'
import { isJsonObject } from './json-object.ts'
import type { Terminal } from './terminal.ts'

const SHOWN_LABELS = 5
const SHOWN_ELEMENTS = 8

/** Prints one answer of a task in the shape that Hugging Face gives it. */
export function printAnswer(answer: JsonValue, terminal: Terminal): void {
  const labels = labelsOf(answer)
  if (labels !== undefined) {
    for (const { label, score } of labels.slice(0, SHOWN_LABELS)) {
      terminal.line(`${(score * 100).toFixed(1).padStart(5)} %  ${label}`)
    }
    return
  }
  terminal.line(textOf(answer) ?? JSON.stringify(answer))
}

/** The best label of a classification or the text of a transcription; undefined for other shapes. */
export function headlineOf(answer: JsonValue): { readonly text: string; readonly score?: number } | undefined {
  const best = labelsOf(answer)?.[0]
  if (best !== undefined) return { text: best.label, score: best.score }
  const text = textOf(answer)
  return text === undefined ? undefined : { text }
}

function labelsOf(answer: JsonValue): { readonly label: string; readonly score: number }[] | undefined {
  if (!Array.isArray(answer)) return undefined
  const labels: { label: string; score: number }[] = []
  for (const item of answer) {
    if (!isJsonObject(item) || typeof item.label !== 'string' || typeof item.score !== 'number') return undefined
    labels.push({ label: item.label, score: item.score })
  }
  return labels
}

function textOf(answer: JsonValue): string | undefined {
  return isJsonObject(answer) && typeof answer.text === 'string' ? answer.text : undefined
}

/** Prints the first elements of each tensor. */
export function printTensors(tensors: readonly Tensor[], terminal: Terminal): void {
  for (const tensor of tensors) {
    const elements = elementsOf(tensor)
    const shown = elements.slice(0, SHOWN_ELEMENTS).map(String).join(' ')
    terminal.line(`${terminal.paint('bold', tensor.name)}  ${tensor.datatype}[${tensor.shape.join(',')}]`)
    terminal.line(`  ${shown}${elements.length > SHOWN_ELEMENTS ? ` … (${elements.length} elements)` : ''}`)
  }
}

/**
 * A tensor as JSON can hold it. 64-bit integers, NaN and infinities are strings, as JSON numbers cannot name all of them;
 * BYTES that are no UTF-8 text are hexadecimal.
 */
export function tensorToJson(tensor: Tensor): JsonValue {
  const { name, datatype, shape } = tensor
  return { name, datatype, shape, data: elementsOf(tensor) }
}

function elementsOf(tensor: Tensor): (number | string | boolean)[] {
  switch (tensor.datatype) {
    case 'BOOL':
      return Array.from(tensor.data, (element) => element !== 0)
    case 'FP16':
      return Array.from(unpackHalf(tensor.data), jsonNumber)
    case 'INT64':
    case 'UINT64':
      return Array.from(tensor.data, String)
    case 'BYTES':
      return tensor.data.map(textOrHex)
    default:
      return Array.from(tensor.data, jsonNumber)
  }
}

function jsonNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value)
}

function textOrHex(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    return Buffer.from(bytes).toString('hex')
  }
}
