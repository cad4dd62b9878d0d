import { MalformedError } from '@blindai/core'
import { type Datatype, MAX_NAME_LENGTH, MAX_RANK } from '@blindai/protocol'
import type { CborReader } from './cbor-reader.ts'
import { datatypeOf, MAX_DATUM_TYPE } from './datum-type.ts'
import { LegacyError } from './legacy-error.ts'

/** A tensor of a run. Without a name it belongs to the model's input at its place. */
export interface LegacyInput {
  readonly name: string | null
  readonly datatype: Datatype
  readonly shape: readonly number[]
  readonly data: Uint8Array
}

/** A run, and the model that it names: by the id of its upload, or by the SHA-256 of its bytes in lower-case hex. */
export interface LegacyRun {
  readonly model: { readonly id: string } | { readonly sha256: string }
  readonly inputs: readonly LegacyInput[]
}

/** More inputs than any model of 0.6 had. */
const MAX_INPUTS = 256
const MAX_TEXT_BYTES = 4096
/** UTF-8 takes at most three bytes for each UTF-16 code unit. */
const MAX_NODE_NAME_BYTES = 3 * MAX_NAME_LENGTH
const MAX_DIMENSION = 2 ** 31

const MODEL_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const MODEL_HASH = /^[0-9a-f]{64}$/

/**
 * Reads an upload. The model goes to `onModel` piece by piece, each valid until the promise is settled; its name, the wish to
 * optimise and what the client says of itself are read and dropped.
 *
 * @throws {LegacyError} `LEGACY_LENGTH_MISMATCH`, and as `CborReader`; what `onModel` throws.
 */
export async function readUpload(
  reader: CborReader,
  maxModelBytes: number,
  onModel: (piece: Uint8Array) => Promise<void> | undefined,
): Promise<void> {
  let received = 0
  let length = 0
  const members = {
    model: 'required',
    length: 'required',
    model_name: 'required',
    optimize: 'required',
    client_info: 'optional',
  } as const
  await reader.map('upload', members, async (member) => {
    if (member === 'length') length = await reader.unsigned('upload.length', Number.MAX_SAFE_INTEGER)
    else if (member === 'model_name') await reader.textOrNull('upload.model_name', MAX_TEXT_BYTES)
    else if (member === 'optimize') await reader.boolean('upload.optimize')
    else if (member === 'client_info') await reader.skip('upload.client_info')
    else {
      for await (const piece of reader.octets('upload.model', maxModelBytes)) {
        received += piece.byteLength
        await onModel(piece)
      }
    }
  })
  await reader.end('upload')
  if (length !== received) throw new LegacyError('LEGACY_LENGTH_MISMATCH', { expected: length, actual: received })
}

/**
 * Reads a run.
 *
 * @throws {LegacyError} `LEGACY_MODEL_UNCLEAR`, and as `CborReader`; {MalformedError} `WRONG_VALUE` for what is no id and no
 * hash.
 */
export async function readRun(reader: CborReader, maxTensorBytes: number): Promise<LegacyRun> {
  let id = ''
  let hash = ''
  const inputs: LegacyInput[] = []
  const members = {
    model_id: 'required',
    model_hash: 'required',
    inputs: 'required',
    client_info: 'optional',
  } as const
  await reader.map('run', members, async (member) => {
    if (member === 'model_id') id = await reader.text('run.model_id', MAX_TEXT_BYTES)
    else if (member === 'model_hash') hash = await reader.text('run.model_hash', MAX_TEXT_BYTES)
    else if (member === 'client_info') await reader.skip('run.client_info')
    else {
      const count = await reader.array('run.inputs', MAX_INPUTS)
      for (let index = 0; index < count; index++) inputs.push(await readInput(reader, maxTensorBytes))
    }
  })
  await reader.end('run')
  if ((id === '') === (hash === '')) throw new LegacyError('LEGACY_MODEL_UNCLEAR', {})
  const model = hash === '' ? { id: modelId('run.model_id', id) } : { sha256: modelHash(hash) }
  return { model, inputs }
}

/** Reads a deletion; gives the id. @throws as `CborReader`; {MalformedError} `WRONG_VALUE` for what is no id. */
export async function readDelete(reader: CborReader): Promise<string> {
  let id = ''
  await reader.map('delete', { model_id: 'required' }, async () => {
    id = await reader.text('delete.model_id', MAX_TEXT_BYTES)
  })
  await reader.end('delete')
  return modelId('delete.model_id', id)
}

async function readInput(reader: CborReader, maxTensorBytes: number): Promise<LegacyInput> {
  let info: Omit<LegacyInput, 'data'> | undefined
  let data: Uint8Array = new Uint8Array()
  await reader.map('input', { info: 'required', bytes_data: 'required' }, async (member) => {
    if (member === 'info') info = await readInfo(reader)
    else data = await reader.bytes('input.bytes_data', maxTensorBytes)
  })
  if (info === undefined) throw new MalformedError('MISSING_MEMBER', { field: 'input', member: 'info' })
  return { ...info, data }
}

async function readInfo(reader: CborReader): Promise<Omit<LegacyInput, 'data'>> {
  let name: string | null = null
  let datumType = 0
  const shape: number[] = []
  const members = { fact: 'required', datum_type: 'required', node_name: 'optional' } as const
  await reader.map('input.info', members, async (member) => {
    if (member === 'datum_type') datumType = await reader.unsigned('input.info.datum_type', MAX_DATUM_TYPE)
    else if (member === 'node_name') name = await reader.textOrNull('input.info.node_name', MAX_NODE_NAME_BYTES)
    else {
      const rank = await reader.array('input.info.fact', MAX_RANK)
      for (let axis = 0; axis < rank; axis++) shape.push(await reader.unsigned('input.info.fact', MAX_DIMENSION))
    }
  })
  const datatype = datatypeOf(datumType)
  if (datatype === undefined) throw new RangeError('a datum type within the bound has a datatype')
  return { name, datatype, shape }
}

function modelId(field: string, id: string): string {
  if (MODEL_ID.test(id)) return id
  throw new MalformedError('WRONG_VALUE', { field, expected: 'the id that an upload was answered with' })
}

function modelHash(hash: string): string {
  if (MODEL_HASH.test(hash)) return hash
  throw new MalformedError('WRONG_VALUE', { field: 'run.model_hash', expected: '64 lower-case hexadecimal digits' })
}
