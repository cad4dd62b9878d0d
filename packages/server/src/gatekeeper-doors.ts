import { GatekeeperError } from './gatekeeper-error.ts'

/** What a process was started with. */
export interface ProcessStart {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The options of Node itself, as `process.execArgv` has them. */
  readonly execArgv: readonly string[]
  /** Where a debugger listens, as `url()` of `node:inspector` says. */
  readonly inspectorUrl?: string | undefined
}

/**
 * Variables of Node that open nothing. More certificate authorities are harmless, because what a server fetches over TLS, the
 * endorsements, is public, and signed by somebody else.
 */
const HARMLESS_VARIABLES: ReadonlySet<string> = new Set([
  'NODE_ENV',
  'NODE_NO_WARNINGS',
  'NODE_DISABLE_COLORS',
  'NODE_EXTRA_CA_CERTS',
  'NODE_USE_SYSTEM_CA',
])

/** Variables of others that load code into the process, or write its keys down. */
const DOORS: ReadonlySet<string> = new Set([
  'GCONV_PATH',
  'LD_AUDIT',
  'LD_DEBUG_OUTPUT',
  'LD_PRELOAD',
  'LD_PROFILE',
  'MALLOC_TRACE',
  'OPENSSL_CONF',
  'OPENSSL_ENGINES',
  'OPENSSL_MODULES',
  'SSLKEYLOGFILE',
])

/** Options of Node that a server may have; each opens nothing. */
const HARMLESS_OPTIONS: readonly RegExp[] = [
  /^--conditions=[a-z]+$/,
  /^--disable-sigusr1$/,
  /^--disable-warning=\w+$/,
  /^--no-warnings$/,
  /^--enable-source-maps$/,
  /^--max-(old|semi)-space-size=\d+$/,
]

/**
 * Refuses a process whose environment or options could show what is inside: code loaded from outside, debuggers, key logs,
 * profiles, heap snapshots, diagnostic reports, coverage. Node has more of them with each version, so all its variables
 * and options are doors, but those that are known to open nothing.
 *
 * It does not protect from who may write this process's memory: that is what the evidence is for. It keeps a setting that
 * was left over from a test from undoing the rest.
 *
 * @throws {GatekeeperError} `DOOR_OPEN`, with the name and never the value.
 */
export function refuseOpenDoors({ env, execArgv, inspectorUrl }: ProcessStart): void {
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === '' || HARMLESS_VARIABLES.has(name)) continue
    if (name.startsWith('NODE_') || DOORS.has(name)) {
      throw new GatekeeperError('DOOR_OPEN', { kind: 'the environment variable', name })
    }
  }
  for (const option of execArgv) {
    if (HARMLESS_OPTIONS.some((harmless) => harmless.test(option))) continue
    throw new GatekeeperError('DOOR_OPEN', { kind: "Node's option", name: option.replace(/=.*$/s, '') })
  }
  if (inspectorUrl !== undefined) throw new GatekeeperError('DOOR_OPEN', { kind: 'the', name: 'debugger' })
}
