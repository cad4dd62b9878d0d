import { ProtobufReader } from './protobuf-reader.ts'
import { ProtobufWriter } from './protobuf-writer.ts'

/**
 * Source: GRPC Health Checking Protocol, `grpc.health.v1`.
 */

/** `HealthCheckResponse.ServingStatus`, as far as it is answered. */
const SERVING = 1
const NOT_SERVING = 2

/**
 * The service that a `HealthCheckRequest` is about; empty for the whole server.
 *
 * @throws {ProtocolError} `NOT_PROTOBUF`; {MalformedError} `NOT_UTF8`, `TOO_LONG`, `DUPLICATE_MEMBER`.
 */
export function parseGrpcHealthRequest(message: Uint8Array): string {
  const reader = new ProtobufReader('HealthCheckRequest', message)
  let service = ''
  for (let number = reader.next(); number !== undefined; number = reader.next()) {
    if (number !== 1) continue
    reader.once(number, 'service')
    service = reader.name('service')
  }
  return service
}

/** `HealthCheckResponse`. */
export function encodeGrpcHealth(isServing: boolean): Uint8Array {
  return new ProtobufWriter().varint(1, isServing ? SERVING : NOT_SERVING).bytes
}
