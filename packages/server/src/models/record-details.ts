import { type JsonObject, type JsonValue, MalformedError } from '@blindai/core'
import { type Datatype, isDatatype, type TensorMetadata } from '@blindai/protocol'
import type { StoredModel } from '@blindai/store'
import type { LengthAxes, ModelDescription, ModelRecord } from './repository.ts'

/** What of a record the store keeps without looking at it: kind, task and what the engine said of the model. */
export function detailsOf(record: ModelRecord): JsonObject {
  const { kind, task, description, sharedEngines, allowsCrossTenantBatches, padToMultipleOf } = record
  return {
    kind,
    ...(task === undefined ? {} : { task }),
    ...(sharedEngines === true ? { sharedEngines } : {}),
    ...(allowsCrossTenantBatches === true ? { allowsCrossTenantBatches } : {}),
    ...(padToMultipleOf === undefined ? {} : { padToMultipleOf }),
    ...(description.lengthAxes === undefined ? {} : { lengthAxes: description.lengthAxes }),
    inputs: description.inputs.map(tensorJson),
    outputs: description.outputs.map(tensorJson),
    ...(description.task === undefined ? {} : { descriptionTask: description.task }),
  }
}

/**
 * A record as it was before the restart. Members that are not known here are left away.
 *
 * @throws {MalformedError} for details in which a known member is missing or is not of its kind.
 */
export function recordOf({ details, ...model }: StoredModel): ModelRecord {
  const { kind, task, descriptionTask } = details
  if (kind !== 'onnx' && kind !== 'bundle') throw wrong('kind', 'onnx or bundle')
  const description: ModelDescription = {
    inputs: tensors('inputs', details.inputs),
    outputs: tensors('outputs', details.outputs),
    ...(descriptionTask === undefined ? {} : { task: text('descriptionTask', descriptionTask) }),
    ...(details.lengthAxes === undefined ? {} : { lengthAxes: lengthAxes(details.lengthAxes) }),
  }
  const { sharedEngines, allowsCrossTenantBatches } = details
  if (sharedEngines !== undefined && sharedEngines !== true) throw wrong('sharedEngines', 'true, where it is given')
  if (allowsCrossTenantBatches !== undefined && allowsCrossTenantBatches !== true) {
    throw wrong('allowsCrossTenantBatches', 'true, where it is given')
  }
  const padToMultipleOf =
    details.padToMultipleOf === undefined
      ? {}
      : { padToMultipleOf: wholeNumber('padToMultipleOf', details.padToMultipleOf) }
  // An index of before there were versions has names without.
  const version = model.name === undefined ? {} : { version: model.version ?? 1 }
  return {
    ...model,
    ...version,
    kind,
    ...(task === undefined ? {} : { task: text('task', task) }),
    ...(sharedEngines === undefined ? {} : { sharedEngines }),
    ...(allowsCrossTenantBatches === undefined ? {} : { allowsCrossTenantBatches }),
    ...padToMultipleOf,
    description,
  }
}

function tensorJson({ name, datatype, shape }: TensorMetadata): JsonObject {
  return { name, datatype, shape: [...shape] }
}

function tensors(field: string, value: JsonValue | undefined): TensorMetadata[] {
  return list(field, value).map((item) => {
    if (typeof item !== 'object' || item === null || isList(item)) throw wrong(field, 'a list of tensors')
    return {
      name: text(`${field}.name`, item.name),
      datatype: datatype(`${field}.datatype`, item.datatype),
      shape: list(`${field}.shape`, item.shape).map((length) => wholeNumber(`${field}.shape`, length)),
    }
  })
}

function lengthAxes(value: JsonValue): LengthAxes {
  return list('lengthAxes', value).map((axes) =>
    list('lengthAxes', axes).map((axis) => wholeNumber('lengthAxes', axis)),
  )
}

function wholeNumber(field: string, value: JsonValue | undefined): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw wrong(field, 'a whole number')
}

function list(field: string, value: JsonValue | undefined): readonly JsonValue[] {
  if (value !== undefined && isList(value)) return value
  throw wrong(field, 'a list')
}

/** `Array.isArray` does not narrow a readonly array. */
function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}

function text(field: string, value: JsonValue | undefined): string {
  if (typeof value === 'string') return value
  throw wrong(field, 'text')
}

function datatype(field: string, value: JsonValue | undefined): Datatype {
  if (typeof value === 'string' && isDatatype(value)) return value
  throw wrong(field, 'a datatype')
}

function wrong(field: string, expected: string): MalformedError {
  return new MalformedError('WRONG_VALUE', { field: `stored model ${field}`, expected })
}
