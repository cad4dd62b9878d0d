import type { ModelMetadata, ServerMetadata, TensorMetadata } from '../metadata.ts'
import { ProtobufReader } from './protobuf-reader.ts'
import { ProtobufWriter } from './protobuf-writer.ts'

/**
 * The messages of the service beside inference: requests are parsed, responses encoded, each in one piece.
 *
 * Source: Open Inference Protocol v2 over gRPC; Triton's extensions of it for what a comment names.
 */

/** The model that a request is about. */
export interface GrpcModelReference {
  readonly model: string
  /** Empty when the caller does not say. */
  readonly version: string
}

/**
 * `ModelReadyRequest`, `ModelMetadataRequest`, `ModelConfigRequest` and `ModelStatisticsRequest`, which have one form.
 *
 * @throws {ProtocolError} `NOT_PROTOBUF`; {MalformedError} `NOT_UTF8`, `TOO_LONG`, `DUPLICATE_MEMBER`.
 */
export function parseGrpcModelReference(message: Uint8Array): GrpcModelReference {
  const reader = new ProtobufReader('request', message)
  let model = ''
  let version = ''
  for (let number = reader.next(); number !== undefined; number = reader.next()) {
    if (number === 1) {
      reader.once(number, 'name')
      model = reader.name('name')
    } else if (number === 2) {
      reader.once(number, 'version')
      version = reader.name('version')
    }
  }
  return { model, version }
}

/** `ServerLiveRequest`, `ServerReadyRequest` and `ServerMetadataRequest`: a message without fields. @throws as above. */
export function parseGrpcEmpty(message: Uint8Array): void {
  const reader = new ProtobufReader('request', message)
  while (reader.next() !== undefined);
}

/** `ServerLiveResponse`, `ServerReadyResponse` and `ModelReadyResponse`, which have one form. */
export function encodeGrpcReady(ready: boolean): Uint8Array {
  return new ProtobufWriter().bool(1, ready).bytes
}

export function encodeGrpcServerMetadata({ name, version, extensions }: ServerMetadata): Uint8Array {
  return new ProtobufWriter().text(1, name).text(2, version).texts(3, extensions).bytes
}

export function encodeGrpcModelMetadata(metadata: ModelMetadata): Uint8Array {
  const { name, versions, platform, inputs, outputs } = metadata
  const writer = new ProtobufWriter().text(1, name).texts(2, versions).text(3, platform)
  for (const input of inputs) writer.message(4, tensorMetadata(input))
  for (const output of outputs) writer.message(5, tensorMetadata(output))
  return writer.bytes
}

function tensorMetadata({ name, datatype, shape }: TensorMetadata): ProtobufWriter {
  return new ProtobufWriter().text(1, name).text(2, datatype).integers(3, shape)
}
