import { type Catalogue, CodedError } from '@blindai/core'

/** Why a model's texts are not filled up: what it takes, what it gives, that a run failed, or that an answer was another. */
export type PaddingReason = 'inputs' | 'outputs' | 'runs' | 'answers'

/** The facts that go with each code of `ModelError`. */
export interface ModelErrorDetails {
  /** Nothing: a model that is not there, belongs to somebody else, or is not granted must look the same. */
  MODEL_NOT_FOUND: Record<never, never>
  VERSION_NOT_FOUND: Record<never, never>
  MODEL_HAS_VERSIONS: { readonly versions: number }
  MODEL_EXISTS: { readonly member: 'kind' | 'task' | 'crossTenantBatching' | 'padToMultipleOf' }
  PADDING_NOT_PROVEN: { readonly reason: PaddingReason }
  DIGEST_MISMATCH: { readonly expected: string; readonly actual: string }
  UPLOAD_OFFSET_MISMATCH: { readonly expected: number; readonly actual: number }
  UPLOAD_LENGTH_MISMATCH: { readonly expected: number; readonly actual: number }
  UPLOAD_TOO_LONG: { readonly limit: number }
  UPLOAD_BUSY: Record<never, never>
  UPLOAD_LIMIT: { readonly limit: number; readonly retryAfterSeconds: number }
  MODEL_TOO_LARGE: { readonly limit: number }
  MODEL_LIMIT: { readonly limit: number }
  GRANT_LIMIT: { readonly limit: number }
  TENANT_STORAGE_FULL: { readonly limit: number }
  STORAGE_FULL: { readonly limit: number }
  DISK_FULL: Record<never, never>
  STORE_FAILED: { readonly retryAfterSeconds: number }
  MODEL_DAMAGED: Record<never, never>
}

/** Messages and hints of `ModelError`. */
export const MODEL_CATALOGUE: Catalogue<ModelErrorDetails> = {
  MODEL_NOT_FOUND: {
    message: () => 'there is no such model, or none that this key may use',
    hint: 'Check the name or digest. Name a model of another tenant owner~name, and ask its owner for a grant.',
  },
  VERSION_NOT_FOUND: {
    message: () => 'the model has no such version, or none that this key may use',
    hint: 'Name a version that the metadata of the model lists, or leave it out.',
  },
  MODEL_HAS_VERSIONS: {
    message: (d) => `the name has ${d.versions} versions, and it does not say which one is meant`,
    hint: 'Name the model by its digest.',
  },
  MODEL_EXISTS: {
    message: (d) => `this model is already there, with another ${d.member}`,
    hint: 'Delete the model, then upload it again.',
  },
  PADDING_NOT_PROVEN: {
    message: (d) => `places that are added to its texts were not shown to be harmless to this model (${d.reason})`,
    hint: 'Upload it without padToMultipleOf, or with another number of places.',
  },
  DIGEST_MISMATCH: {
    message: (d) => `the bytes that arrived have the SHA-256 ${d.actual}; the path says ${d.expected}`,
    hint: 'Name the SHA-256 of exactly the bytes that are sent, and send them again from the start.',
  },
  UPLOAD_OFFSET_MISMATCH: {
    message: (d) => `the next byte expected is ${d.expected}; the part starts at ${d.actual}`,
    hint: 'Ask for the offset with HEAD, and send on from there.',
  },
  UPLOAD_LENGTH_MISMATCH: {
    message: (d) => `the upload was announced with ${d.expected} bytes; this part announces ${d.actual}`,
    hint: 'Announce the same length with every part.',
  },
  UPLOAD_TOO_LONG: {
    message: (d) => `more bytes arrived than the ${d.limit} that were announced`,
    hint: 'Announce the length of the whole model.',
  },
  UPLOAD_BUSY: {
    message: () => 'this model is being uploaded by another request',
    hint: 'Wait for the other upload to end.',
  },
  UPLOAD_LIMIT: {
    message: (d) => `${d.limit} uploads of this key are in progress, as many as may`,
    hint: 'Finish one of them, or wait until it is forgotten.',
  },
  MODEL_TOO_LARGE: {
    message: (d) => `a model may have at most ${d.limit} bytes`,
    hint: 'Raise maxModelBytes in the configuration, or use a smaller model.',
  },
  MODEL_LIMIT: {
    message: (d) => `this key has ${d.limit} models, as many as may`,
    hint: 'Delete a model first.',
  },
  GRANT_LIMIT: {
    message: (d) => `this model is granted to ${d.limit} tenants, as many as may be`,
    hint: 'Revoke a grant first, or grant the model to all.',
  },
  TENANT_STORAGE_FULL: {
    message: (d) => `the models of this key would take more than ${d.limit} bytes`,
    hint: 'Delete a model first.',
  },
  STORAGE_FULL: {
    message: (d) => `all models together would take more than ${d.limit} bytes`,
    hint: 'Try again later, or ask the operator for room.',
  },
  DISK_FULL: {
    message: () => 'the disk of the server is full; nothing was stored or changed',
    hint: 'Delete a model, or ask the operator for room on the disk.',
  },
  STORE_FAILED: {
    message: () => 'the store of the server failed; nothing was acknowledged',
    hint: 'Try again later; the operator finds the cause in the log.',
  },
  MODEL_DAMAGED: {
    message: () => 'the stored bytes of this model are not those that were uploaded',
    hint: 'Upload the model again, or delete it.',
  },
}

/** A model that is not there, or bytes that cannot become one. */
export class ModelError<Code extends keyof ModelErrorDetails = keyof ModelErrorDetails> extends CodedError<
  ModelErrorDetails,
  Code
> {
  constructor(code: Code, details: ModelErrorDetails[Code], options?: ErrorOptions) {
    super('ModelError', MODEL_CATALOGUE, code, details, options)
  }
}
