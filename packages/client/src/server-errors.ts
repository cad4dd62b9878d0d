import type { FamilyCatalogue, FamilyRow } from './error-catalogue.ts'
import type { ErrorFamily } from './errors.ts'

/** What a refusal of the server holds; it came from inside the enclave. */
export interface ServerRefusal {
  readonly status: number
  /** The server's own code; for `SERVER_REFUSED` one that this version does not know. */
  readonly serverCode: string
  /** What the server says, in one sentence. */
  readonly sentence: string
  readonly requestId?: string
}

/** The codes of the server that a program may want to tell apart. */
export type ServerCode =
  | 'NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'PATH_INVALID'
  | 'PARAMETER_INVALID'
  | 'HEADER_INVALID'
  | 'BODY_TOO_LARGE'
  | 'OPERATION_ID_NEEDED'
  | 'OPERATION_REPLAYED'
  | 'VERSION_NOT_FOUND'
  | 'MODEL_NOT_FOUND'
  | 'MODEL_EXISTS'
  | 'MODEL_HAS_VERSIONS'
  | 'MODEL_UNLOADED'
  | 'MODEL_REFUSED'
  | 'MODEL_INVALID'
  | 'MODEL_NEEDS_MORE_MEMORY'
  | 'MODEL_QUARANTINED'
  | 'MODEL_DAMAGED'
  | 'MODEL_TOO_LARGE'
  | 'MODEL_LIMIT'
  | 'TENANT_STORAGE_FULL'
  | 'DIGEST_MISMATCH'
  | 'UPLOAD_LENGTH_MISMATCH'
  | 'UPLOAD_TOO_LONG'
  | 'INPUT_INVALID'
  | 'INPUT_UNSUPPORTED'
  | 'TASK_UNSUPPORTED'
  | 'DEADLINE_EXCEEDED'
  | 'ENGINE_OUT_OF_MEMORY'
  | 'USE_BINARY'
  | 'OUTPUT_UNKNOWN'
  | 'RUN_FAILED'
  | 'OUTPUT_TOO_LARGE'
  | 'SHAPE_INVALID'
  | 'SHAPE_MISMATCH'
  | 'TENSOR_TOO_LARGE'
  | 'TOO_MANY_ITEMS'
  | 'TOO_LARGE'
  | 'REQUEST_MALFORMED'
  | 'HEADERS_TOO_LARGE'
  | 'DATE_INVALID'
  | 'DATE_OUTSIDE_WINDOW'
  | 'BODY_TRUNCATED'
  | 'BODY_TOO_SLOW'
  | 'BODY_MEMORY_FULL'
  | 'TENANT_BODY_MEMORY_FULL'
  | 'OPERATION_LIMIT'
  | 'UPLOAD_OFFSET_MISMATCH'
  | 'UPLOAD_BUSY'
  | 'UPLOAD_LIMIT'
  | 'STORAGE_FULL'
  | 'DISK_FULL'
  | 'STORE_FAILED'
  | 'TENANT_BUSY'
  | 'SERVER_BUSY'
  | 'SERVER_DRAINING'
  | 'ENGINE_CRASHED'
  | 'ENGINE_STOPPED'
  | 'WALL_UNAVAILABLE'
  | 'HEADERS_TOO_SLOW'
  | 'STREAM_TRUNCATED'
  | 'REPLAYED'
  | 'REPLAY_SET_FULL'
  | 'INTERNAL'
  | 'CHANNEL_NOT_PROVED'
  | 'SERVER_REFUSED'
  | 'SERVER_UNAVAILABLE'

/** The facts that go with each code of the server. */
export type ServerErrorDetails = { readonly [Code in ServerCode]: ServerRefusal }

/** Messages, hints and families of the server's codes. */
// biome-ignore format: one row a code
export const SERVER_CATALOGUE: FamilyCatalogue<ServerErrorDetails> = {
  // Fix: the request, the key or the model.
  NOT_FOUND: row('fix', 'Check the path, and whether this server serves it.'),
  METHOD_NOT_ALLOWED: row('fix', 'Use a method that the path takes.'),
  UNAUTHENTICATED: row('fix', "Give a valid API key; `blindai keys new` makes one, and the server's configuration holds its hash."),
  FORBIDDEN: row('fix', 'Use the API key of a tenant whose role allows this.'),
  PATH_INVALID: row('fix', 'Percent-encode the parts of the path.'),
  PARAMETER_INVALID: row('fix', 'Correct the parameter.'),
  HEADER_INVALID: row('fix', 'Correct the header.'),
  BODY_TOO_LARGE: row('fix', 'Send less in one request, or ask the operator to raise the limit.'),
  OPERATION_ID_NEEDED: row('fix', 'Give each upload part and each delete an operation id.'),
  OPERATION_REPLAYED: row('fix', 'Give each upload part and each delete an operation id of its own.'),
  VERSION_NOT_FOUND: row('fix', 'Name a version that the metadata of the model lists, or its digest, or leave it out.'),
  MODEL_NOT_FOUND: row('fix', 'Check the name; a model of another tenant is named owner~name, and must be granted to you first.'),
  MODEL_HAS_VERSIONS: row('fix', 'Name the model by the digest of the version that is meant.'),
  MODEL_UNLOADED: row('fix', 'Load the model, or ask its owner to.'),
  MODEL_EXISTS: row('fix', 'Delete the model, then upload it again.'),
  MODEL_REFUSED: row('fix', 'Read the reason; the model holds what the server does not run.'),
  MODEL_INVALID: row('fix', 'Check that the file is a model that ONNX Runtime loads.'),
  MODEL_NEEDS_MORE_MEMORY: row('fix', 'Use a smaller model, or ask the operator for a larger memory budget.'),
  MODEL_QUARANTINED: row('fix', 'Delete the model, or wait: it crashed its engine twice.'),
  MODEL_DAMAGED: row('fix', 'Upload the model again, or delete it.'),
  MODEL_TOO_LARGE: row('fix', 'Use a smaller model, or ask the operator to raise the limit.'),
  MODEL_LIMIT: row('fix', 'Delete models that you no longer need.'),
  TENANT_STORAGE_FULL: row('fix', 'Delete models that you no longer need.'),
  DIGEST_MISMATCH: row('fix', 'Upload the bytes that have this digest; the file may have changed meanwhile.'),
  UPLOAD_LENGTH_MISMATCH: row('fix', 'Announce the same length with every part.'),
  UPLOAD_TOO_LONG: row('fix', 'Announce the length of the whole model.'),
  INPUT_INVALID: row('fix', 'Compare names, datatypes and shapes with the metadata of the model.'),
  INPUT_UNSUPPORTED: row('fix', 'Give text as a string, an image as JPEG, PNG or WebP, and sound as WAV.'),
  TASK_UNSUPPORTED: row('fix', 'Use a task that the server offers and the model is for.'),
  DEADLINE_EXCEEDED: row('fix', 'Send less at once; the run was ended at its time limit.'),
  ENGINE_OUT_OF_MEMORY: row('fix', 'Send less at once, or ask the operator for a larger memory budget.'),
  USE_BINARY: row('fix', 'Ask for binary tensors; JSON cannot carry these values.'),
  OUTPUT_UNKNOWN: row('fix', 'Name outputs as the metadata of the model does.'),
  OUTPUT_TOO_LARGE: row('fix', 'Send less at once, or ask for fewer outputs.'),
  RUN_FAILED: row('fix', 'Check shapes and values of the inputs against what the model expects.'),
  SHAPE_INVALID: row('fix', 'Give the full shape of each tensor, every dimension known.'),
  SHAPE_MISMATCH: row('fix', 'Give exactly the elements of the shape.'),
  TENSOR_TOO_LARGE: row('fix', 'Send a smaller batch.'),
  TOO_MANY_ITEMS: row('fix', 'Send fewer items in one request.'),
  TOO_LARGE: row('fix', 'Send less in one request.'),
  REQUEST_MALFORMED: row('fix', 'Correct the request.'),
  HEADERS_TOO_LARGE: row('fix', 'Send fewer or shorter headers.'),
  DATE_INVALID: row('fix', 'Set the clock behind `now`.'),
  DATE_OUTSIDE_WINDOW: row('fix', 'Set the clock behind `now`.'),
  // Retry: the server's state.
  BODY_TRUNCATED: row('retry', 'Try again.'),
  BODY_TOO_SLOW: row('retry', 'Try again, with smaller parts on a slow line.'),
  BODY_MEMORY_FULL: row('retry', 'Wait as long as the server asks, then try again.'),
  TENANT_BODY_MEMORY_FULL: row('retry', 'Wait as long as the server asks, and send fewer requests at once.'),
  OPERATION_LIMIT: row('retry', 'Wait as long as the server asks, or use attested TLS, which needs no operation ids.'),
  UPLOAD_OFFSET_MISMATCH: row('retry', 'Ask where to resume, and go on from there.'),
  UPLOAD_BUSY: row('retry', 'Wait for the other upload of this model to end.'),
  UPLOAD_LIMIT: row('retry', 'Finish another upload first.'),
  STORAGE_FULL: row('retry', 'Try again later, or ask the operator for room.'),
  DISK_FULL: row('retry', 'Try again later, or ask the operator for room on the disk.'),
  STORE_FAILED: row('retry', 'Wait as long as the server asks, then try again; tell the operator when it happens twice.'),
  TENANT_BUSY: row('retry', 'Wait as long as the server asks, and send fewer requests at once.'),
  SERVER_BUSY: row('retry', 'Wait as long as the server asks, then try again.'),
  SERVER_DRAINING: row('retry', 'Try again in a moment, or at another server.'),
  ENGINE_CRASHED: row('retry', 'Try again once; a model that crashes twice is quarantined.'),
  ENGINE_STOPPED: row('retry', 'Try again.'),
  WALL_UNAVAILABLE: row('retry', 'Try again; tell the operator when it happens twice.'),
  HEADERS_TOO_SLOW: row('retry', 'Try again.'),
  STREAM_TRUNCATED: row('retry', 'Try again.'),
  REPLAYED: row('retry', 'Try again; something on the way sent the request twice.'),
  REPLAY_SET_FULL: row('retry', 'Wait as long as the server asks, then try again.'),
  INTERNAL: row('retry', 'Try again; tell the operator the request id when it happens twice.'),
  // Stop: the channel is not what the server expects.
  CHANNEL_NOT_PROVED: row('stop', 'Connect again: the server takes calls on proved connections only.'),
  // Codes without a row here, by their status.
  SERVER_REFUSED: row('fix', 'Read what the server says, and correct the request.'),
  SERVER_UNAVAILABLE: row('retry', 'Try again in a moment.'),
}

/** True for a code of the table. */
export function isServerCode(code: string): code is ServerCode {
  return Object.hasOwn(SERVER_CATALOGUE, code)
}

/** The code that stands for a refusal: the server's own where it is known, else one by status. */
export function serverCodeOf(code: string | undefined, status: number): ServerCode {
  if (code !== undefined && isServerCode(code)) return code
  return status === 429 || status >= 500 ? 'SERVER_UNAVAILABLE' : 'SERVER_REFUSED'
}

function row(family: ErrorFamily, hint: string): FamilyRow<ServerRefusal> {
  return { family, hint, message: (d) => `the server answered ${d.status} ${d.serverCode}: ${d.sentence}` }
}
