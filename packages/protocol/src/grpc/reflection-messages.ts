import { ProtobufReader } from './protobuf-reader.ts'
import { ProtobufWriter } from './protobuf-writer.ts'

/**
 * Source: gRPC Server Reflection Protocol, `grpc.reflection.v1` and `v1alpha`, which differ in the name of the package alone.
 */

/** What a `ServerReflectionRequest` may ask for. */
export type GrpcReflectionQuestion =
  | 'file_by_filename'
  | 'file_containing_symbol'
  | 'file_containing_extension'
  | 'all_extension_numbers_of_type'
  | 'list_services'

/** By the field that asks. */
const QUESTIONS: ReadonlyMap<number, GrpcReflectionQuestion> = new Map<number, GrpcReflectionQuestion>([
  [3, 'file_by_filename'],
  [4, 'file_containing_symbol'],
  [5, 'file_containing_extension'],
  [6, 'all_extension_numbers_of_type'],
  [7, 'list_services'],
])

/** `ServerReflectionRequest`. */
export interface GrpcReflectionRequest {
  readonly host: string
  /** Undefined when it asks for nothing that is known. */
  readonly asks: GrpcReflectionQuestion | undefined
  /** The name that is asked about; empty of an extension, which is not read. */
  readonly name: string
}

/** The answer to one request. */
export type GrpcReflectionAnswer =
  | { readonly files: readonly Uint8Array[] }
  | { readonly services: readonly string[] }
  | { readonly error: { readonly status: number; readonly message: string } }

/** @throws {ProtocolError} `NOT_PROTOBUF`; {MalformedError} `NOT_UTF8`, `TOO_LONG`, `DUPLICATE_MEMBER`. */
export function parseGrpcReflectionRequest(message: Uint8Array): GrpcReflectionRequest {
  const reader = new ProtobufReader('ServerReflectionRequest', message)
  let host = ''
  let asks: GrpcReflectionQuestion | undefined
  let name = ''
  for (let number = reader.next(); number !== undefined; number = reader.next()) {
    if (number === 1) {
      reader.once(number, 'host')
      host = reader.name('host')
      continue
    }
    const question = QUESTIONS.get(number)
    if (question === undefined) continue
    // One of them, and once: two would have two readings.
    reader.once(0, 'message_request')
    asks = question
    if (question === 'file_containing_extension') reader.bytes()
    else name = reader.name(question)
  }
  return { host, asks, name }
}

/** `ServerReflectionResponse`, with the request as it came. */
export function encodeGrpcReflectionResponse(
  host: string,
  request: Uint8Array,
  answer: GrpcReflectionAnswer,
): readonly Uint8Array[] {
  const writer = new ProtobufWriter().text(1, host).bytesField(2, request)
  if ('files' in answer) {
    const files = new ProtobufWriter()
    for (const file of answer.files) files.bytesField(1, file)
    return writer.message(4, files).pieces
  }
  if ('services' in answer) {
    const list = new ProtobufWriter()
    for (const service of answer.services) list.message(1, new ProtobufWriter().text(1, service))
    return writer.message(6, list).pieces
  }
  const { status, message } = answer.error
  return writer.message(7, new ProtobufWriter().integer(1, status).text(2, message)).pieces
}
