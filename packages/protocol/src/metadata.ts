import { fromUtf8, type JsonObject, type JsonValue, MalformedError, parseJson } from '@blindai/core'
import { type Datatype, parseDatatype } from './datatype.ts'
import { asText, itemsOf, objectOf, textOf } from './json-members.ts'
import { DEFAULT_LIMITS, MAX_NAME_LENGTH, MAX_RANK } from './limits.ts'
import { ProtocolError } from './protocol-error.ts'

/** An input or output of a model. Source: Open Inference Protocol v2, "Model Metadata Response JSON Object". */
export interface TensorMetadata {
  readonly name: string
  readonly datatype: Datatype
  /** -1 for a dimension that may vary. */
  readonly shape: readonly number[]
}

/** Source: Open Inference Protocol v2, "Model Metadata Response JSON Object". */
export interface ModelMetadata {
  readonly name: string
  readonly versions: readonly string[]
  readonly platform: string
  readonly inputs: readonly TensorMetadata[]
  readonly outputs: readonly TensorMetadata[]
}

/** Source: Open Inference Protocol v2, "Server Metadata Response JSON Object". */
export interface ServerMetadata {
  readonly name: string
  readonly version: string
  readonly extensions: readonly string[]
}

/** The extension that stands for binary tensor data in a server's metadata. */
export const BINARY_TENSOR_DATA_EXTENSION = 'binary_tensor_data'

/**
 * Parses a model's metadata; members that it does not know are passed over, an absent `versions` is an empty one.
 *
 * @throws {MalformedError} `NOT_UTF8`, `NOT_JSON`, `MISSING_MEMBER`, `WRONG_TYPE`, `TOO_LONG`; {ProtocolError}
 * `DATATYPE_UNKNOWN`, `SHAPE_INVALID`, `TOO_MANY_ITEMS`.
 */
export function parseModelMetadata(body: Uint8Array): ModelMetadata {
  const field = 'model metadata'
  const root = parseObject(field, body)
  return {
    name: textOf(field, root, 'name', MAX_NAME_LENGTH),
    versions: root.versions === undefined ? [] : textsOf(field, root, 'versions'),
    platform: textOf(field, root, 'platform', MAX_NAME_LENGTH),
    inputs: itemsOf(field, root, 'inputs').map((item, index) => tensorOf(`inputs[${index}]`, item)),
    outputs: itemsOf(field, root, 'outputs').map((item, index) => tensorOf(`outputs[${index}]`, item)),
  }
}

/**
 * Parses a server's metadata; members that it does not know are passed over.
 *
 * @throws {MalformedError} `NOT_UTF8`, `NOT_JSON`, `MISSING_MEMBER`, `WRONG_TYPE`, `TOO_LONG`.
 */
export function parseServerMetadata(body: Uint8Array): ServerMetadata {
  const field = 'server metadata'
  const root = parseObject(field, body)
  return {
    name: textOf(field, root, 'name', MAX_NAME_LENGTH),
    version: textOf(field, root, 'version', MAX_NAME_LENGTH),
    extensions: textsOf(field, root, 'extensions'),
  }
}

function tensorOf(field: string, item: JsonValue): TensorMetadata {
  const tensor = objectOf(field, item)
  const shape = itemsOf(field, tensor, 'shape')
  if (shape.length > MAX_RANK) throw new ProtocolError('SHAPE_INVALID', { field: `${field}.shape` })
  return {
    name: textOf(field, tensor, 'name', MAX_NAME_LENGTH),
    datatype: parseDatatype(`${field}.datatype`, textOf(field, tensor, 'datatype', MAX_NAME_LENGTH)),
    shape: shape.map((dimension) => {
      // `-0` in the text is the dimension 0.
      if (typeof dimension === 'number' && Number.isSafeInteger(dimension) && dimension >= -1) return dimension + 0
      throw new ProtocolError('SHAPE_INVALID', { field: `${field}.shape` })
    }),
  }
}

function parseObject(field: string, body: Uint8Array): JsonObject {
  if (body.byteLength > DEFAULT_LIMITS.maxJsonBytes) {
    throw new MalformedError('TOO_LONG', { field, length: body.byteLength, limit: DEFAULT_LIMITS.maxJsonBytes })
  }
  return objectOf(field, parseJson(field, fromUtf8(field, body)))
}

function textsOf(field: string, parent: JsonObject, member: string): string[] {
  return itemsOf(field, parent, member).map((item) => asText(`${field}.${member}`, item, MAX_NAME_LENGTH))
}
