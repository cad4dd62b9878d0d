import { MalformedError } from '@blindai/core'
import { DEFAULT_LIMITS } from '../limits.ts'
import { ProtocolError } from '../protocol-error.ts'
import { ProtobufReader } from './protobuf-reader.ts'
import { ProtobufWriter } from './protobuf-writer.ts'

/**
 * Source: Triton's model repository extension over gRPC.
 */

/** `RepositoryIndexRequest`. */
export interface GrpcRepositoryIndexRequest {
  /** Empty for all. */
  readonly repository: string
  readonly onlyReady: boolean
}

/** `RepositoryModelLoadRequest` and `RepositoryModelUnloadRequest`, which have one form. */
export interface GrpcRepositoryModelRequest {
  readonly repository: string
  readonly model: string
  /** The names of the parameters; what they are is not read. */
  readonly parameters: readonly string[]
}

/** One version of a model in the index. */
export interface GrpcRepositoryEntry {
  readonly name: string
  readonly version: string
  readonly state: string
  readonly reason: string
}

/** @throws {ProtocolError} `NOT_PROTOBUF`; {MalformedError} `NOT_UTF8`, `TOO_LONG`, `DUPLICATE_MEMBER`. */
export function parseGrpcRepositoryIndexRequest(message: Uint8Array): GrpcRepositoryIndexRequest {
  const reader = new ProtobufReader('RepositoryIndexRequest', message)
  let repository = ''
  let onlyReady = false
  for (let number = reader.next(); number !== undefined; number = reader.next()) {
    if (number === 1) {
      reader.once(number, 'repository_name')
      repository = reader.name('repository_name')
    } else if (number === 2) {
      reader.once(number, 'ready')
      onlyReady = reader.bool()
    }
  }
  return { repository, onlyReady }
}

/** @throws as `parseGrpcRepositoryIndexRequest`; {ProtocolError} `TOO_MANY_ITEMS`. */
export function parseGrpcRepositoryModelRequest(message: Uint8Array): GrpcRepositoryModelRequest {
  const reader = new ProtobufReader('request', message)
  let repository = ''
  let model = ''
  const parameters: string[] = []
  for (let number = reader.next(); number !== undefined; number = reader.next()) {
    if (number === 1) {
      reader.once(number, 'repository_name')
      repository = reader.name('repository_name')
    } else if (number === 2) {
      reader.once(number, 'model_name')
      model = reader.name('model_name')
    } else if (number === 3) {
      const { maxItems: limit } = DEFAULT_LIMITS
      if (parameters.length === limit) throw new ProtocolError('TOO_MANY_ITEMS', { field: 'parameters', limit })
      parameters.push(parameterName(reader.bytes()))
    }
  }
  if (model === '') throw new MalformedError('MISSING_MEMBER', { field: 'request', member: 'model_name' })
  return { repository, model, parameters }
}

/** `RepositoryIndexResponse`. */
export function encodeGrpcRepositoryIndex(entries: readonly GrpcRepositoryEntry[]): Uint8Array {
  const writer = new ProtobufWriter()
  for (const { name, version, state, reason } of entries) {
    writer.message(1, new ProtobufWriter().text(1, name).text(2, version).text(3, state).text(4, reason))
  }
  return writer.bytes
}

function parameterName(bytes: Uint8Array): string {
  const reader = new ProtobufReader('parameters', bytes)
  let name = ''
  for (let number = reader.next(); number !== undefined; number = reader.next()) {
    if (number !== 1) continue
    reader.once(number, 'key')
    name = reader.name('key')
  }
  return name
}
