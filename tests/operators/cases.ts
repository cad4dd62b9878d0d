import { readdirSync, readFileSync } from 'node:fs'
import type { RawTensor } from '@blindai/protocol'
import { parseTensorProto } from './tensor-proto.ts'

/** One operator test: a model, its inputs and the outputs that the ONNX project publishes for them. */
export interface OperatorCase {
  readonly name: string
  readonly model: Uint8Array
  /** In the model's order; their names are the model's, or empty where the file leaves them out. */
  readonly inputs: readonly RawTensor[]
  readonly outputs: readonly RawTensor[]
}

const FOLDER = new URL('../../vectors/onnx-node-tests/', import.meta.url)

/** The names of all operator tests, in order. */
export const CASE_NAMES: readonly string[] = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort()

/**
 * @param from - a folder of such tests; the project's own unless given.
 * @throws {RangeError} when a file holds what the reader does not know.
 */
export function loadCase(name: string, from: URL = FOLDER): OperatorCase {
  const folder = new URL(`${name}/`, from)
  const data = new URL('test_data_set_0/', folder)
  const files = readdirSync(data)
  const tensors = (prefix: string): RawTensor[] =>
    files
      .filter((file) => file.startsWith(prefix))
      .sort()
      .map((file) => parseTensorProto(new Uint8Array(readFileSync(new URL(file, data)))))
  return {
    name,
    model: new Uint8Array(readFileSync(new URL('model.onnx', folder))),
    inputs: tensors('input_'),
    outputs: tensors('output_'),
  }
}
