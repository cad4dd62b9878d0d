import {
  encodeGrpcReflectionResponse,
  type GrpcFileDescriptor,
  type GrpcReflectionAnswer,
  type GrpcReflectionRequest,
  parseGrpcReflectionRequest,
} from '@blindai/protocol'
import type { Route } from '../http/router.ts'
import { messageStream } from './message-stream.ts'
import { SMALL_MESSAGES } from './open-call.ts'
import { fileByName, fileOfSymbol, SERVICES } from './served-files.ts'
import type { GrpcServices } from './services.ts'
import { GRPC_STATUS } from './status.ts'

/** The same service under two names: old clients know the second alone. */
const PATHS = ['/grpc.reflection.v1.ServerReflection', '/grpc.reflection.v1alpha.ServerReflection'] as const

/**
 * Tells clients that have no `.proto` file what is served, to whoever may ask for the server's metadata.
 *
 * Source: gRPC Server Reflection Protocol.
 */
export function reflectionRoutes(services: GrpcServices): Route[] {
  return PATHS.map((path) => ({
    method: 'POST',
    path: `${path}/ServerReflectionInfo`,
    access: 'tenant',
    maxBodyBytes: 'stream',
    readsAtMostBytes: SMALL_MESSAGES.maxMessageBytes,
    handle: (call) =>
      messageStream(services, call, {
        bounds: SMALL_MESSAGES,
        async answerTo(message) {
          const asked = parseGrpcReflectionRequest(message)
          return encodeGrpcReflectionResponse(asked.host, message, answerTo(asked))
        },
      }),
  }))
}

/** What is not there is told in the answer, and the stream goes on. */
function answerTo({ asks, name }: GrpcReflectionRequest): GrpcReflectionAnswer {
  switch (asks) {
    case 'list_services':
      return { services: SERVICES }
    case 'file_by_filename':
      return filesOf(fileByName(name), 'no file that is served has this name')
    case 'file_containing_symbol':
      return filesOf(fileOfSymbol(name), 'no file that is served declares this symbol')
    case 'file_containing_extension':
    case 'all_extension_numbers_of_type':
      return failed('UNIMPLEMENTED', 'no file that is served has extensions')
    case undefined:
      return failed('INVALID_ARGUMENT', 'the request asks for nothing that is known')
    default:
      return asks satisfies never
  }
}

function filesOf(file: GrpcFileDescriptor | undefined, missing: string): GrpcReflectionAnswer {
  return file === undefined ? failed('NOT_FOUND', missing) : { files: [file.bytes] }
}

function failed(status: keyof typeof GRPC_STATUS, message: string): GrpcReflectionAnswer {
  return { error: { status: GRPC_STATUS[status], message } }
}
