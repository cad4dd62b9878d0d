import { type Catalogue, CodedError } from '@blindai/core'

/** The facts that go with each code of `CliError`. Never a key and never the contents of an input. */
export interface CliErrorDetails {
  USAGE: { readonly problem: string; readonly command: string }
  KEY_ON_COMMAND_LINE: { readonly option: string }
  FILE_UNREADABLE: { readonly file: string; readonly reason: string }
  FILE_TOO_LARGE: { readonly file: string; readonly bytes: number; readonly limit: number }
  FILE_EXISTS: { readonly file: string }
  FILE_UNWRITABLE: { readonly file: string; readonly reason: string }
  KEY_INVALID: { readonly source: string }
  POLICY_INVALID: { readonly file: string; readonly problem: string }
  CONFIG_INVALID: { readonly file: string; readonly problem: string }
  INPUT_INVALID: { readonly input: string; readonly problem: string }
  EVIDENCE_UNAVAILABLE: { readonly supported: readonly string[] }
  SIMULATOR_UNAVAILABLE: { readonly package: string }
  SERVER_ENDED: { readonly exitCode: number | null; readonly reason: string }
  ANSWERS_WRONG: { readonly wrong: number; readonly of: number }
  SAMPLES_INCOMPLETE: { readonly folder: string; readonly missing: string }
}

export const CLI_CATALOGUE: Catalogue<CliErrorDetails> = {
  USAGE: {
    message: (d) => d.problem,
    hint: 'Run the command with --help.',
  },
  KEY_ON_COMMAND_LINE: {
    message: (d) =>
      `${d.option} would put an API key on the command line, where other users and the shell history see it`,
    hint: 'Put the key into a file and name it with --key-file, or set BLINDAI_API_KEY.',
  },
  FILE_UNREADABLE: {
    message: (d) => `${d.file} cannot be read: ${d.reason}`,
    hint: 'Check the path and its permissions.',
  },
  FILE_TOO_LARGE: {
    message: (d) => `${d.file} has ${d.bytes} bytes; at most ${d.limit} are read`,
    hint: 'Name the file that was meant.',
  },
  FILE_EXISTS: {
    message: (d) => `${d.file} exists`,
    hint: 'Name another file; nothing is overwritten.',
  },
  FILE_UNWRITABLE: {
    message: (d) => `${d.file} cannot be written: ${d.reason}`,
    hint: 'Name a file in a folder that exists and is yours.',
  },
  KEY_INVALID: {
    message: (d) => `${d.source} holds no API key: one line of 20 to 200 visible characters`,
    hint: 'Make a key with `blindai keys new --out FILE`.',
  },
  POLICY_INVALID: {
    message: (d) => `the policy ${d.file} is refused: ${d.problem}`,
    hint: 'Correct the file; `blindai policy init` writes a valid one.',
  },
  CONFIG_INVALID: {
    message: (d) => `the configuration ${d.file} is refused: ${d.problem}`,
    hint: 'Correct the file; docs/cli.md lists its members.',
  },
  INPUT_INVALID: {
    message: (d) => `${d.input} is refused: ${d.problem}`,
    hint: 'Correct the input; `blindai models show` lists what the model takes.',
  },
  EVIDENCE_UNAVAILABLE: {
    message: (d) => `no source of hardware evidence is built in yet; supported: ${d.supported.join(', ')}`,
    hint: 'Use `blindai serve --simulated`, which protects nothing, to try the system.',
  },
  SIMULATOR_UNAVAILABLE: {
    message: (d) => `${d.package} is not installed`,
    hint: 'Install it where simulated evidence is wanted; production images leave it out.',
  },
  SERVER_ENDED: {
    message: (d) => `the server ended with exit code ${d.exitCode ?? 'unknown'}: ${d.reason}`,
    hint: 'Run `blindai serve --simulated` alone to see more.',
  },
  ANSWERS_WRONG: {
    message: (d) => `${d.wrong} of ${d.of} answers are wrong`,
    hint: 'Compare samples/ with samples/SAMPLES.json: a changed model gives other answers.',
  },
  SAMPLES_INCOMPLETE: {
    message: (d) => `${d.folder} lacks ${d.missing}`,
    hint: 'Use the samples folder of the repository, or a full copy of it.',
  },
}

/** An error of the command itself, as opposed to one of the server or of evidence. */
export class CliError<Code extends keyof CliErrorDetails = keyof CliErrorDetails> extends CodedError<
  CliErrorDetails,
  Code
> {
  constructor(code: Code, details: CliErrorDetails[Code], options?: ErrorOptions) {
    super('CliError', CLI_CATALOGUE, code, details, options)
  }
}
