import { openPath } from '#files'
import { type ByteSource, blobSource, bytesSource } from './byte-source.ts'
import { BlindAiError } from './errors.ts'
import { type FolderFile, tarSource } from './tar.ts'

/** What the server can be given: one ONNX file, or the archive of a folder with its configuration and tokenizer. */
export type ModelKind = 'onnx' | 'bundle'

/**
 * Where a model's bytes come from. A path names a file or, packed as a bundle, a folder; only Node opens paths. `files`
 * is a folder as a browser gives one.
 */
export type ModelSource =
  | Uint8Array
  | Blob
  | string
  | { readonly file: string }
  | { readonly files: readonly { readonly path: string; readonly data: Uint8Array | Blob }[] }

/** A model's bytes, and what they look like. */
export interface OpenedModel {
  readonly source: ByteSource
  readonly kind: ModelKind
}

/** What a platform found at a path. */
export type OpenedPath =
  | { readonly type: 'file'; readonly source: ByteSource }
  | { readonly type: 'folder'; readonly files: readonly FolderFile[] }

/**
 * Opens a source.
 *
 * @throws {BlindAiError} `OPTION_INVALID`, `SOURCE_UNREADABLE`, `SOURCE_TOO_LARGE`.
 */
export async function openModel(source: ModelSource): Promise<OpenedModel> {
  if (source instanceof Uint8Array) return openBytes(bytesSource(source))
  if (source instanceof Blob) return openBytes(blobSource(source))
  if (typeof source === 'string') return openModelPath(source)
  if (typeof source === 'object' && 'file' in source) return openModelPath(source.file)
  if (typeof source === 'object' && 'files' in source) {
    const files = source.files.map(({ path, data }) => ({ path, source: sourceOf(data) }))
    return { source: tarSource(files), kind: 'bundle' }
  }
  throw new BlindAiError('OPTION_INVALID', { option: 'source', expected: 'bytes, a Blob, a path or files' })
}

/** A source over what is in memory. */
export function sourceOf(data: Uint8Array | Blob): ByteSource {
  return data instanceof Blob ? blobSource(data) : bytesSource(data)
}

async function openModelPath(path: string): Promise<OpenedModel> {
  const opened = await openPath(path)
  if (opened.type === 'folder') return { source: tarSource(opened.files), kind: 'bundle' }
  return openBytes(opened.source)
}

async function openBytes(source: ByteSource): Promise<OpenedModel> {
  if (source.size === 0) throw new BlindAiError('SOURCE_UNREADABLE', { what: 'the model', reason: 'it is empty' })
  return { source, kind: (await isTar(source)) ? 'bundle' : 'onnx' }
}

/** ustar and GNU archives say so 257 bytes in. */
async function isTar(source: ByteSource): Promise<boolean> {
  if (source.size < 512) return false
  const magic = await source.read(257, 5)
  return String.fromCharCode(...magic) === 'ustar'
}
