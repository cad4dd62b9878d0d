import { type Catalogue, CodedError } from '@blindai/core'

/** The facts that go with each code of `StoreError`. Digests are of models; a reason is a system's error code. */
export interface StoreErrorDetails {
  INDEX_MISSING: Record<never, never>
  INDEX_MALFORMED: { readonly problem: string }
  INDEX_NOT_AUTHENTIC: Record<never, never>
  INDEX_TOO_LARGE: { readonly bytes: number; readonly limit: number }
  STORE_ROLLED_BACK: { readonly generation: number; readonly counter: number }
  STORE_IN_USE: Record<never, never>
  STORE_CLOSED: Record<never, never>
  KEY_SOURCE_MISMATCH: { readonly sealedBy: string; readonly configured: string }
  KEY_NOT_RELEASED: { readonly source: string }
  KEY_FILE_MISSING: { readonly file: string }
  KEY_FILE_EXPOSED: { readonly file: string; readonly mode: string }
  KEY_FILE_MALFORMED: { readonly file: string }
  COUNTER_MALFORMED: { readonly file: string }
  BLOB_MISSING: { readonly model: string }
  BLOB_HEADER_REFUSED: { readonly model: string; readonly problem: string }
  BLOB_NOT_AUTHENTIC: { readonly model: string; readonly part: 'header' | 'chunk'; readonly chunk: number }
  BLOB_WRONG_LENGTH: { readonly model: string; readonly expected: number; readonly actual: number }
  STORE_NO_SPACE: { readonly operation: string }
  STORE_IO_FAILED: { readonly operation: string; readonly reason: string }
}

/** Messages and hints of `StoreError`. */
export const STORE_CATALOGUE: Catalogue<StoreErrorDetails> = {
  INDEX_MISSING: {
    message: () => 'the folder holds sealed models and no index that says whose they are',
    hint: 'Restore the index from a copy of the same time, or name an empty folder to start anew.',
  },
  INDEX_MALFORMED: {
    message: (d) => `the index of the store cannot be read: ${d.problem}`,
    hint: 'Restore the index from a copy of the same time; the store never starts with an empty one in its place.',
  },
  INDEX_NOT_AUTHENTIC: {
    message: () => 'the index of the store was not sealed with this key, or was changed since',
    hint: 'Use the key that the store was made with, or restore the index.',
  },
  INDEX_TOO_LARGE: {
    message: (d) => `the index of the store would have ${d.bytes} bytes; at most ${d.limit} are allowed`,
    hint: 'Delete models or grants first.',
  },
  STORE_ROLLED_BACK: {
    message: (d) => `the index has generation ${d.generation}; the counter outside stands at ${d.counter}`,
    hint: 'Somebody put back an older copy of the disk: restore the newest one.',
  },
  STORE_IN_USE: {
    message: () => 'another process has this store open',
    hint: 'End the other process, or name another folder.',
  },
  STORE_CLOSED: {
    message: () => 'the store is closed',
    hint: 'Open the store again.',
  },
  KEY_SOURCE_MISMATCH: {
    message: (d) => `the store is sealed by the key source ${d.sealedBy}; the configuration names ${d.configured}`,
    hint: 'Name the key source that the store was made with, or another folder.',
  },
  KEY_NOT_RELEASED: {
    message: (d) => `the key source ${d.source} did not release the key of the store`,
    hint: 'Check that this is the machine, the code and the key that sealed the store.',
  },
  KEY_FILE_MISSING: {
    message: (d) => `the store is sealed and its key file ${d.file} is not there`,
    hint: 'Restore the key file; without it the models are lost.',
  },
  KEY_FILE_EXPOSED: {
    message: (d) => `${d.file} holds the key of the store and has the mode ${d.mode}; others can read or change it`,
    hint: 'Set its mode to 0600 if nobody else has seen it; else make a new store.',
  },
  KEY_FILE_MALFORMED: {
    message: (d) => `${d.file} is not the key of a store`,
    hint: 'Restore the key file from a copy.',
  },
  COUNTER_MALFORMED: {
    message: (d) => `${d.file} is not the counter of a store`,
    hint: 'Restore the counter file; without the last number nothing tells an older copy of the disk from the newest.',
  },
  BLOB_MISSING: {
    message: (d) => `the sealed bytes of ${d.model} are not there`,
    hint: 'Restore the file, or upload the model again.',
  },
  BLOB_HEADER_REFUSED: {
    message: (d) => `the sealed bytes of ${d.model} do not begin as they must: ${d.problem}`,
    hint: 'Restore the file, or upload the model again.',
  },
  BLOB_NOT_AUTHENTIC: {
    message: (d) => `the sealed bytes of ${d.model} were changed, in ${d.part} ${d.chunk}`,
    hint: 'Restore the file, or upload the model again.',
  },
  BLOB_WRONG_LENGTH: {
    message: (d) => `the sealed bytes of ${d.model} are ${d.actual}; they were ${d.expected} when they were stored`,
    hint: 'Restore the file, or upload the model again.',
  },
  STORE_NO_SPACE: {
    message: (d) => `the disk of the store is full: ${d.operation} failed`,
    hint: 'Make room on the disk, or delete models.',
  },
  STORE_IO_FAILED: {
    message: (d) => `the store could not ${d.operation}: ${d.reason}`,
    hint: 'Check the disk and the permissions of the folder.',
  },
}

/** A store that does not open, or does not do what was asked of it. */
export class StoreError<Code extends keyof StoreErrorDetails = keyof StoreErrorDetails> extends CodedError<
  StoreErrorDetails,
  Code
> {
  constructor(code: Code, details: StoreErrorDetails[Code], options?: ErrorOptions) {
    super('StoreError', STORE_CATALOGUE, code, details, options)
  }
}

/** `StoreError` as a union, so that a switch over `code` narrows `details`. */
export type AnyStoreError = { readonly [Code in keyof StoreErrorDetails]: StoreError<Code> }[keyof StoreErrorDetails]

/** True for a `StoreError` of any copy of this package. */
export function isStoreError(error: unknown): error is AnyStoreError {
  return error instanceof Error && error.name === 'StoreError' && 'code' in error
}
