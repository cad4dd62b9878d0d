import { Failure } from '../failure.ts'
import { screenModel } from '../onnx/screen.ts'
import { readTar } from './tar.ts'

/** A model in Hugging Face's layout, in memory: paths without a leading folder, and the bytes of each file. */
export interface Bundle {
  readonly files: ReadonlyMap<string, Uint8Array>
  /** Path of the graph that `infer` runs, and that tasks take as `model`. */
  readonly mainModel: string
}

/** The suffix of a file name → the name that transformers has for the number format. Source: transformers.js, dtypes. */
const FORMATS: ReadonlyMap<string, string> = new Map([
  ['', 'fp32'],
  ['_fp16', 'fp16'],
  ['_quantized', 'q8'],
  ['_int8', 'int8'],
  ['_uint8', 'uint8'],
  ['_q4', 'q4'],
  ['_bnb4', 'bnb4'],
  ['_q4f16', 'q4f16'],
])

const MODEL_PATTERN = /^onnx\/model(_[a-z0-9]+)?\.onnx$/

/**
 * Opens a bundle and screens every ONNX file in it.
 *
 * @throws {Failure} as `readTar` and `screenModel`; `MODEL_INVALID` `bundle-without-config`, `bundle-without-model`;
 * `MODEL_REFUSED` `external-data` for files that hold weights beside a graph.
 */
export function openBundle(archive: Uint8Array): Bundle {
  const files = withoutTopFolder(readTar(archive))
  if (!files.has('config.json')) throw new Failure('MODEL_INVALID', 'bundle-without-config')
  const graphs = [...files.keys()].filter((path) => path.endsWith('.onnx'))
  for (const path of files.keys())
    if (/\.onnx_data(_\d+)?$/.test(path)) throw new Failure('MODEL_REFUSED', 'external-data')
  const mainModel = [...graphs].sort(byLength).find((path) => FORMATS.has(formatSuffix(path) ?? '?'))
  if (mainModel === undefined) throw new Failure('MODEL_INVALID', 'bundle-without-model', 'onnx/model.onnx')
  for (const path of graphs) screenModel(files.get(path) ?? new Uint8Array(0))
  return { files, mainModel }
}

/** The number format of a bundle's main graph, as transformers calls it. */
export function formatOf({ mainModel }: Bundle): string {
  return FORMATS.get(formatSuffix(mainModel) ?? '') ?? 'fp32'
}

function formatSuffix(path: string): string | undefined {
  const match = MODEL_PATTERN.exec(path)
  return match === null ? undefined : (match[1] ?? '')
}

/** `onnx/model.onnx` before its quantised siblings. */
function byLength(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1)
}

/** An archive of a folder may name it in front of every path. */
function withoutTopFolder(files: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
  if (files.has('config.json')) return files
  const tops = new Set([...files.keys()].map((path) => path.split('/', 1)[0]))
  const [top] = tops
  if (tops.size !== 1 || top === undefined || !files.has(`${top}/config.json`)) return files
  return new Map([...files].map(([path, bytes]) => [path.slice(top.length + 1), bytes]))
}
