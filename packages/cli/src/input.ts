import { resolve } from 'node:path'
import { fromUtf8, isMalformedError, utf8 } from '@blindai/core'
import { DEFAULT_LIMITS, fromRaw, parseInferRequest, type Tensor } from '@blindai/protocol'
import { CliError } from './cli-error.ts'
import { type FileSource, kindOfPath, readBounded, readStream } from './files.ts'

/** What a model is given: something for its task, or tensors. */
export type Input =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'media'; readonly bytes: Uint8Array }
  | { readonly kind: 'tensors'; readonly tensors: readonly Tensor[]; readonly outputs: readonly string[] }

/** Where an argument is looked up. */
export interface InputSource extends FileSource {
  /** Take the argument as text, whatever file has that name. */
  readonly asText: boolean
}

/** A name that was surely meant as a file. */
const FILE_NAME = /^\S+\.(?:jpe?g|png|webp|wav|json|txt)$/i

/**
 * Reads one INPUT of the command line: `-` is stdin, `@FILE` and the name of an existing file are that file, and anything
 * else is text or JSON itself. What a file holds is told from its
 * bytes, never from its name.
 *
 * @throws {CliError} `FILE_UNREADABLE`, `FILE_TOO_LARGE`, `INPUT_INVALID`.
 */
export async function readInput(argument: string, source: InputSource): Promise<Input> {
  if (source.asText) return { kind: 'text', text: argument }
  if (argument === '-') return recognise('stdin', await readStream('stdin', source.stdin))
  const named = argument.startsWith('@')
  const path = resolve(source.folder, named ? argument.slice(1) : argument)
  if (named || FILE_NAME.test(argument) || (await kindOfPath(path)) === 'file') {
    return recognise(argument, await readBounded(path))
  }
  return recogniseText('the argument', argument)
}

/** UTF-8 is text or tensors; what else it is, the client finds out by the first bytes. */
function recognise(name: string, bytes: Uint8Array): Input {
  const text = textOf(bytes)
  return text === undefined ? { kind: 'media', bytes } : recogniseText(name, text.trimEnd())
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return fromUtf8('input', bytes)
  } catch (cause) {
    if (isMalformedError(cause)) return undefined
    throw cause
  }
}

function recogniseText(name: string, text: string): Input {
  if (!/^\s*\{/.test(text) || !hasInputs(text)) return { kind: 'text', text }
  try {
    const request = parseInferRequest(utf8(text), undefined, DEFAULT_LIMITS)
    return {
      kind: 'tensors',
      tensors: request.inputs.map(fromRaw),
      outputs: (request.outputs ?? []).map((output) => output.name),
    }
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause)) throw cause
    throw new CliError('INPUT_INVALID', { input: name, problem: cause.message }, { cause })
  }
}

/** True for a JSON object with the member "inputs": a request of the Open Inference Protocol. */
function hasInputs(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'inputs' in value
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    return false
  }
}
