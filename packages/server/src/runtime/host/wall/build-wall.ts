import { type ChildProcess, spawn } from 'node:child_process'
import { confineCommand } from './confine.ts'
import { coveredDescriptors } from './descriptors.ts'
import { ENGINE_CONDITIONS, ENGINE_MAIN, ROOTED_MAIN } from './engine-code.ts'
import { findIdentities } from './identity.ts'
import {
  dropCommand,
  limitCommand,
  NAMESPACES,
  type Namespace,
  NODE_OPTIONS,
  type OwnUser,
  outerCommand,
  rootCommand,
  SUPERVISOR_SCRIPT,
  WALL_SCRIPT,
} from './launch.ts'
import { type PrivateRoot, planPrivateRoot } from './private-root.ts'
import { findTools, type Tools } from './tools.ts'
import { unwalled } from './unwalled.ts'
import { type EngineProgram, WALL_PARTS, type Wall, type WallPart } from './wall.ts'

/**
 * Builds the strongest wall that this machine allows, and says what it lacks.
 *
 * `full` has every part: a user of its own or a user namespace, process, network, ipc and host name namespaces, a private
 * read-only file system, no capabilities and no way to any, a filter of system calls, limits, death with the server. The wall
 * is tried once, with a program that reports its own privileges in the engine's place.
 */
export async function buildWall(): Promise<Wall> {
  const tools = process.platform === 'linux' ? findTools() : undefined
  if (tools === undefined) return unwalled()
  for (const confine of new Set([confineCommand(tools.perl, './root'), undefined])) {
    for (const user of ownUsers()) {
      const wall = await rootedWall(tools, user, confine)
      if (wall !== undefined) return wall
    }
  }
  return reducedWall(tools)
}

/** The ways to an own user, the better first. Root has ids to give away; everybody may have a user namespace. */
function ownUsers(): OwnUser[] {
  const identities = process.getuid?.() === 0 ? findIdentities() : undefined
  const namespace = { kind: 'namespace' } as const
  return identities === undefined ? [namespace] : [{ kind: 'identity', identities }, namespace]
}

/** A wall with a private root; full with the command that confines, reduced without. */
async function rootedWall(tools: Tools, user: OwnUser, confine?: readonly string[]): Promise<Wall | undefined> {
  let root: PrivateRoot
  try {
    root = planPrivateRoot(tools)
  } catch (error) {
    // A library or package lies where this plan does not look: no private root, then.
    if (error instanceof RangeError) return undefined
    throw error
  }
  // An id of nobody cannot read an installation that its owner keeps to himself; a user namespace can.
  if (user.kind === 'identity' && !root.isForEveryone) return undefined
  const command = (budget: number, program: readonly string[]): string[] => [
    ...outerCommand(tools, user, NAMESPACES),
    ...[tools.sh, '-c', WALL_SCRIPT, 'sh', root.mountPoint, tools.mount, tools.tar],
    ...limitCommand(tools, budget),
    ...(confine ?? rootCommand(tools)),
    ...dropCommand('/setpriv', user),
    ...program,
  ]
  if (!isHarmless(await outputOf(command(0, ['/setpriv', '--dump']), root.archive))) return undefined
  return {
    level: confine === undefined ? 'reduced' : 'full',
    missing: confine === undefined ? ['system-call filter'] : [],
    spawn({ memoryBudgetBytes, program, native }: EngineProgram): ChildProcess {
      if (program === undefined && native === undefined) {
        return start(command(memoryBudgetBytes, ['/node', ...NODE_OPTIONS, ROOTED_MAIN]), root.archive)
      }
      const main = native === undefined ? ['/node', ROOTED_MAIN] : ['/native']
      return start(command(memoryBudgetBytes, main), planPrivateRoot(tools, program, native).archive)
    },
  }
}

/** Where the whole cannot be built: the parts that can, each tried by itself and then together. */
async function reducedWall(tools: Tools): Promise<Wall> {
  const nothing = [tools.sh, '-c', ':']
  const works = async (command: readonly string[]): Promise<boolean> =>
    (await outputOf([...command, ...nothing])) !== undefined
  const missing: Set<WallPart> = new Set(['private file system'])

  let user: OwnUser = { kind: 'none' }
  for (const candidate of ownUsers()) {
    if (await works([...outerCommand(tools, candidate, []), ...dropCommand(tools.setpriv, candidate)])) {
      user = candidate
      break
    }
  }
  const tried = await Promise.all(
    (Object.keys(PART_OF) as (keyof typeof PART_OF)[]).map(
      async (namespace) => [namespace, await works(outerCommand(tools, user, [namespace]))] as const,
    ),
  )
  const namespaces: Namespace[] = tried.filter(([, isThere]) => isThere).map(([namespace]) => namespace)
  for (const [namespace, isThere] of tried) if (!isThere) missing.add(PART_OF[namespace])
  if (user.kind === 'none') missing.add('own user')
  // Without a process 1 to wait for them, what an engine starts can outlive it, and the engine the server.
  const hasSupervisor = namespaces.includes('--pid')
  if (!hasSupervisor) missing.add('death with the server')

  const possible = confineCommand(tools.perl)
  const confine = possible !== undefined && (await works(possible)) ? possible : []
  if (confine.length === 0) missing.add('system-call filter')

  const command = (budget: number): string[] => [
    ...outerCommand(tools, user, namespaces),
    ...(hasSupervisor ? [tools.sh, '-c', SUPERVISOR_SCRIPT, 'sh'] : []),
    ...limitCommand(tools, budget),
    ...confine,
    ...dropCommand(tools.setpriv, user),
  ]
  if (!(await works(command(0)))) return unwalled()
  return {
    level: 'reduced',
    missing: WALL_PARTS.filter((part) => missing.has(part)),
    spawn({ memoryBudgetBytes, program, native }: EngineProgram): ChildProcess {
      if (native !== undefined) return start([...command(memoryBudgetBytes), native])
      const options = program === undefined ? NODE_OPTIONS : []
      const main = [process.execPath, ...options, ...ENGINE_CONDITIONS, program ?? ENGINE_MAIN]
      return start([...command(memoryBudgetBytes), ...main])
    },
  }
}

const PART_OF = {
  '--pid': 'process namespace',
  '--net': 'network namespace',
  '--ipc': 'ipc namespace',
  '--uts': 'host name namespace',
} as const

/** Starts a command with a channel. The archive, if any, is its standard input. */
function start([file = '', ...parameters]: readonly string[], archive?: Uint8Array): ChildProcess {
  const child = spawn(file, parameters, {
    cwd: '/',
    env: {},
    stdio: [archive === undefined ? 'ignore' : 'pipe', 'ignore', 'pipe', 'pipe', ...covers()],
  })
  if (archive !== undefined) feed(child, archive)
  return child
}

/** Looked for once: what is inherited does not become more. */
function covers(): readonly (number | 'ignore')[] {
  covered ??= coveredDescriptors()
  return covered
}

let covered: readonly (number | 'ignore')[] | undefined

/** Runs a command to its end: what it printed, or undefined when it failed. */
function outputOf([file = '', ...parameters]: readonly string[], archive?: Uint8Array): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const child = spawn(file, parameters, {
    cwd: '/',
    env: {},
    stdio: [archive === undefined ? 'ignore' : 'pipe', 'pipe', 'ignore'],
    timeout: PROBE_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.on('error', () => resolve(undefined))
  child.on('close', (code) => resolve(code === 0 ? output : undefined))
  if (archive !== undefined) feed(child, archive)
  return promise
}

const PROBE_TIMEOUT_MS = 5000

function feed(child: ChildProcess, archive: Uint8Array): void {
  // A shell that ends before it has read everything tells so by its exit code.
  child.stdin?.on('error', () => child.stdin?.destroy())
  child.stdin?.end(archive)
}

/** What setpriv tells of itself behind the wall: nothing that an engine could use. */
function isHarmless(dump: string | undefined): boolean {
  const expected = [/^no_new_privs: 1$/m, /^Capability bounding set: \[none\]$/m, /^Ambient capabilities: \[none\]$/m]
  return dump !== undefined && expected.every((line) => line.test(dump))
}
