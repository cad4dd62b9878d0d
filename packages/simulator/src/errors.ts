import { type Catalogue, CodedError } from '@blindai/core'

/** The facts that go with each code of `SimulatorError`. Paths of an installation are relative to its root. */
export interface SimulatorErrorDetails {
  STATE_CORRUPT: { readonly file: string; readonly reason: string }
  STATE_NOT_PRIVATE: { readonly file: string; readonly mode: string }
  STATE_UNUSABLE: { readonly file: string; readonly reason: string }
  INSTALLATION_NOT_FOUND: { readonly file: string }
  LOCK_FILE_UNSUPPORTED: { readonly reason: string }
  PACKAGE_MISSING: { readonly package: string }
  FILE_NOT_MEASURABLE: { readonly file: string; readonly reason: string }
}

/** Messages and hints of `SimulatorError`. */
export const SIMULATOR_CATALOGUE: Catalogue<SimulatorErrorDetails> = {
  STATE_CORRUPT: {
    message: (d) => `the simulated root in ${d.file} cannot be used: ${d.reason}`,
    hint: 'Restore the file, or delete it: a new root is then made, and policies that name the old one refuse it.',
  },
  STATE_NOT_PRIVATE: {
    message: (d) => `${d.file} holds a private key and has the mode ${d.mode}; others can read or change it`,
    hint: 'Delete the file, so that a new root is made, or set its mode to 0600 if nobody else has seen it.',
  },
  STATE_UNUSABLE: {
    message: (d) => `${d.file} cannot be read or written: ${d.reason}`,
    hint: 'Name a state folder that this user can write.',
  },
  INSTALLATION_NOT_FOUND: {
    message: (d) => `there is no ${d.file} in or above the folder of the running code`,
    hint: 'Run from an installation made by npm, with its lock file in place.',
  },
  LOCK_FILE_UNSUPPORTED: {
    message: (d) => `the lock file cannot be followed: ${d.reason}`,
    hint: 'Make the installation with the npm that comes with Node 24.',
  },
  PACKAGE_MISSING: {
    message: (d) => `the lock file names ${d.package}, and it is not installed`,
    hint: 'Run npm ci.',
  },
  FILE_NOT_MEASURABLE: {
    message: (d) => `${d.file} cannot be measured: ${d.reason}`,
    hint: 'Run npm ci, and check that this user can read every file of the installation.',
  },
}

/** A simulated TEE that cannot start. */
export class SimulatorError<Code extends keyof SimulatorErrorDetails = keyof SimulatorErrorDetails> extends CodedError<
  SimulatorErrorDetails,
  Code
> {
  constructor(code: Code, details: SimulatorErrorDetails[Code], options?: ErrorOptions) {
    super('SimulatorError', SIMULATOR_CATALOGUE, code, details, options)
  }
}

/** `SimulatorError` as a union, so that a switch over `code` narrows `details`. */
export type AnySimulatorError = {
  readonly [Code in keyof SimulatorErrorDetails]: SimulatorError<Code>
}[keyof SimulatorErrorDetails]

/** True for a `SimulatorError` of any copy of this package. */
export function isSimulatorError(error: unknown): error is AnySimulatorError {
  return error instanceof Error && error.name === 'SimulatorError' && 'code' in error
}

/** The code of a failed system call (`ENOENT`, …), or undefined for any other error. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && 'syscall' in error && typeof error.code === 'string'
    ? error.code
    : undefined
}
