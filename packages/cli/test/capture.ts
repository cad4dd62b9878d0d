import { Readable } from 'node:stream'
import { unixSeconds } from '@blindai/core'
import { type Environment, type ExitCode, runCommandLine } from '../src/index.ts'

/** 2026-11-23T12:00:00Z */
const NOON = unixSeconds(1_795_435_200)

export interface Captured {
  readonly code: ExitCode
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command line in this process and keeps what it wrote; it gets no environment variables but those given. */
export async function blindai(
  argv: readonly string[],
  options: Partial<Pick<Environment, 'env' | 'folder' | 'interrupted'>> & {
    readonly stdin?: string | Uint8Array
    readonly tty?: boolean
    readonly execArgv?: readonly string[]
    /** Called with each text on stdout. */
    readonly onStdout?: (text: string) => void
  } = {},
): Promise<Captured> {
  const {
    env = {},
    folder = process.cwd(),
    interrupted = new AbortController().signal,
    stdin = '',
    tty,
    execArgv = [],
    onStdout,
  } = options
  let stdout = ''
  let stderr = ''
  const stream = tty === undefined ? {} : { isTTY: tty }
  const code = await runCommandLine(argv, {
    env,
    folder,
    interrupted,
    stdin: Readable.from([typeof stdin === 'string' ? Buffer.from(stdin) : stdin]),
    stdout: {
      ...stream,
      write(text) {
        stdout += text
        onStdout?.(text)
      },
    },
    stderr: { ...stream, write: (text) => (stderr += text) },
    now: () => NOON,
    start: { env, execArgv },
  })
  return { code, stdout, stderr }
}
