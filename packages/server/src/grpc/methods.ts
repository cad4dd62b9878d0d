import type { ApiResponse, Call } from '../http/api.ts'
import type { Access, Route } from '../http/router.ts'
import { grpcAnswer } from './answers.ts'
import { readCallOptions } from './call-options.ts'
import { duplexOf, MessageReader } from './message-reader.ts'
import { SMALL_MESSAGES } from './open-call.ts'

/** Answers one message with one. */
export type Answer = (call: Call, message: Uint8Array) => Uint8Array | Promise<Uint8Array>

/** A method whose messages are small, so that it is answered however low memory is, unless it starts work. */
export function unary(path: string, access: Access, answer: Answer): Route {
  const handle = async (call: Call): Promise<ApiResponse> => {
    const { encoding } = readCallOptions(call.request.headers)
    const reader = new MessageReader(duplexOf(call), { ...SMALL_MESSAGES, encoding })
    const message = await reader.only((bytes) => call.lease.growBody(bytes))
    return grpcAnswer([await answer({ ...call, tenant: call.confirm() }, message)])
  }
  return { ...method(path, access, handle), readsAtMostBytes: SMALL_MESSAGES.maxMessageBytes }
}

/** Bodies are read by the method, which bounds each message before it is kept. */
export function method(
  path: string,
  access: Access,
  handle: (call: Call) => Promise<ApiResponse> | ApiResponse,
): Route {
  return { method: 'POST', path, access, maxBodyBytes: 'stream', handle }
}
