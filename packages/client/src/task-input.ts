import { fromUtf8, isMalformedError } from '@blindai/core'
import type { TaskInput } from '@blindai/protocol'
import { openPath } from '#files'
import { type ByteSource, blobSource } from './byte-source.ts'
import { BlindAiError } from './errors.ts'
import { sniffMediaType } from './media-type.ts'

/**
 * An input of a task. A string is text, never a path; `{ file }` is a path, which only Node opens. What bytes are is read
 * from their first bytes.
 */
export type RunInput = string | Uint8Array | Blob | { readonly file: string }

/** The largest file that is taken as an input. */
const MAX_INPUT_BYTES = 256 * 1024 * 1024

/**
 * Reads an input. Bytes without a known signature are text when they are UTF-8 without control characters.
 *
 * @param index - names the input in errors.
 * @throws {BlindAiError} `INPUT_UNRECOGNISED`, `SOURCE_UNREADABLE`, `SOURCE_TOO_LARGE`, `OPTION_INVALID`.
 */
export async function readTaskInput(input: RunInput, index: number): Promise<TaskInput> {
  if (typeof input === 'string') return { kind: 'text', text: input }
  if (input instanceof Uint8Array) return recognise(input, index)
  if (input instanceof Blob) return recognise(await readAll(blobSource(input)), index)
  if (typeof input === 'object' && 'file' in input) {
    const opened = await openPath(input.file)
    if (opened.type === 'file') return recognise(await readAll(opened.source), index)
    throw new BlindAiError('SOURCE_UNREADABLE', { what: `input ${index}`, reason: 'it is a folder' })
  }
  throw new BlindAiError('OPTION_INVALID', { option: `input ${index}`, expected: 'text, bytes, a Blob or a file' })
}

async function readAll(source: ByteSource): Promise<Uint8Array> {
  if (source.size > MAX_INPUT_BYTES) {
    throw new BlindAiError('SOURCE_TOO_LARGE', { what: 'the input', size: source.size, limit: MAX_INPUT_BYTES })
  }
  return source.read(0, source.size)
}

function recognise(bytes: Uint8Array, index: number): TaskInput {
  const contentType = sniffMediaType(bytes)
  if (contentType !== undefined) return { kind: 'binary', data: bytes, contentType }
  const text = textOf(bytes)
  if (text !== undefined) return { kind: 'text', text }
  throw new BlindAiError('INPUT_UNRECOGNISED', { index, size: bytes.byteLength })
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = fromUtf8('input', bytes)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they tell binary files from text
    return text === '' || /[\x00-\x08\x0e-\x1f\x7f]/.test(text) ? undefined : text
  } catch (error) {
    if (isMalformedError(error)) return undefined
    throw error
  }
}
