/** What an engine must not be able to do. The last two end processes, so they come last. */
export const ATTEMPT_NAMES = [
  "read the server's memory",
  "read another engine's memory",
  'connect to the server by TCP',
  'connect to the server by an abstract socket',
  'send the server a datagram',
  'signal the server',
  'see another process',
  "read the server's file",
  'read the list of users',
  'list the home folder',
  'write a file',
  'run another program',
  'take more memory than it may',
  'kill another engine',
] as const

/** One of `ATTEMPT_NAMES`. */
export type AttemptName = (typeof ATTEMPT_NAMES)[number]

/** What came of an attempt: a result, or why not. */
export interface Outcome {
  readonly succeeded: boolean
  readonly result: string
}

/** What a payload is told. `secret` is given to the process that holds it, never to the one that looks for it. */
export interface Targets {
  readonly mode: 'attack' | 'hold' | 'spin' | 'outlive'
  readonly canary: string
  readonly secret: string
  readonly serverPid: number
  readonly siblingPid: number
  readonly tcpPort: number
  readonly udpPort: number
  readonly abstractSocket: string
  readonly secretFile: string
  readonly home: string
  readonly writable: string
  readonly memoryBytes: number
}

/** What the server saw of the attack. */
export interface Report {
  readonly level: string
  readonly missing: readonly string[]
  readonly outcomes: Readonly<Record<AttemptName, Outcome>>
  readonly secret: string
  readonly siblingSecret: string
  readonly signals: number
  readonly siblingSurvived: boolean
  /** Descriptors of files, folders and sockets in the payload, besides standard error and the channel. */
  readonly descriptors: readonly number[]
}
