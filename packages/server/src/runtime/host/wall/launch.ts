import type { Identities } from './identity.ts'
import type { Tools } from './tools.ts'

/**
 * The command lines that start engines. Each program does one thing and becomes the next:
 *
 * 1. `setpriv`: this process dies when the server dies.
 * 2. `unshare`: new namespaces; its child is process 1 of its own, and dies with it.
 * 3. `sh`, where there is a private root: puts the file system together (`WALL_SCRIPT`).
 * 4. `prlimit`: memory, files, processes.
 * 5. `unshare`: the private root becomes the root. A process under a changed root can make no user namespace.
 * 6. `setpriv`: another user, no capabilities, no way to new privileges, death with its parent.
 * 7. `node`.
 */

/** What Node needs beside the budget: V8 reserves 512 MiB for code alone. */
const NODE_DATA_BYTES = 700 * 1024 * 1024
/** Address space beyond private memory: libraries, and shared memory, which the other limit does not count. */
const SHARED_BYTES = 2048 * 1024 * 1024
const MAX_FILES = 64
const MAX_THREADS = 256

/** How the engine comes to a user of its own: a foreign id, or the only inhabitant of a user namespace. */
export type OwnUser =
  | { readonly kind: 'identity'; readonly identities: Identities }
  | { readonly kind: 'namespace' }
  | { readonly kind: 'none' }

/** The namespaces that `unshare` makes, by its options, besides the user namespace. */
export const NAMESPACES = ['--pid', '--net', '--ipc', '--uts', '--mount'] as const

/** One of `NAMESPACES`. */
export type Namespace = (typeof NAMESPACES)[number]

/** Steps 1 and 2. */
export function outerCommand(tools: Tools, user: OwnUser, namespaces: readonly Namespace[]): string[] {
  const options: string[] = [...namespaces]
  if (user.kind === 'namespace') options.push('--user', '--map-root-user')
  if (namespaces.includes('--pid')) options.push('--fork', '--kill-child=SIGKILL')
  const die = [tools.setpriv, '--pdeathsig', 'KILL', '--']
  return options.length === 0 ? die : [...die, tools.unshare, ...options, '--']
}

/** Step 4. */
export function limitCommand(tools: Tools, memoryBudgetBytes: number): string[] {
  const data = NODE_DATA_BYTES + memoryBudgetBytes
  return [
    tools.prlimit,
    `--data=${data}`,
    `--as=${data + SHARED_BYTES}`,
    '--core=0',
    '--fsize=0',
    '--memlock=0',
    '--msgqueue=0',
    `--nofile=${MAX_FILES}`,
    `--nproc=${MAX_THREADS}`,
    '--',
  ]
}

/** Step 5. The shell stands beside the root then. */
export function rootCommand(tools: Tools): string[] {
  return [tools.unshare, '--root=./root', '--wd=/empty', '--']
}

/** Step 6. In a user namespace there is no other id to take, and no right to change groups. */
export function dropCommand(setpriv: string, user: OwnUser): string[] {
  const options = ['--no-new-privs', '--inh-caps=-all', '--pdeathsig', 'KILL']
  if (user.kind !== 'none') options.push('--bounding-set=-all')
  if (user.kind === 'identity') {
    const id = String(user.identities.next())
    options.push('--reuid', id, '--regid', id, '--clear-groups')
  }
  return [setpriv, ...options, '--']
}

/** Ends the shell of step 3 when something in it fails; the engine's exit codes are others. */
export const WALL_FAILED_EXIT = 96

/**
 * Step 3. Parameters: the mount point, the paths of mount and tar, then the command that goes on. Standard input is the
 * archive of the private root.
 *
 * The file system is moved over the old root, as switch_root(8) does it, and the engine's root is a folder in it: nothing
 * of the old one can be named from there, whatever mounts exist beneath. This also works where the old root is an
 * initramfs, which pivot_root(2) refuses.
 */
export const WALL_SCRIPT: string = `set -e
trap 'exit ${WALL_FAILED_EXIT}' EXIT
point=$1 mount=$2 tar=$3
shift 3
"$mount" -n -t tmpfs -o mode=0755,size=4m,nr_inodes=2000,nosuid,nodev,noexec engine "$point"
cd "$point"
"$tar" -x -m --no-same-owner -f -
"$mount" -n -a -T fstab
"$mount" -n -o remount,bind,ro,nosuid,nodev,noexec "$point"
"$mount" -n --move . /
exec "$@" </dev/null 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
`

/**
 * A second layer within the process, against mistakes rather than native code: no child processes, no threads, no writes,
 * no code made of strings.
 */
export const NODE_OPTIONS: readonly string[] = [
  '--permission',
  '--allow-addons',
  '--allow-fs-read=*',
  '--disallow-code-generation-from-strings',
  '--disable-proto=throw',
]
