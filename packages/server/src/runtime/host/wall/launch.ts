import { coreLimitBytes } from './core-limit.ts'
import type { Identities } from './identity.ts'
import type { Tools } from './tools.ts'

/**
 * The command lines that start engines. Each program does one thing and, all but the shell, becomes the next:
 *
 * 1. `setpriv`: this process dies when the server dies.
 * 2. `unshare`: new namespaces; its child is process 1 of its own, and dies with it.
 * 3. `sh`, process 1: puts the file system together where there is a private root (`WALL_SCRIPT`), and waits for the rest.
 *    A process can take back its own wish to die with its parent, so the one on which all depends must be no engine: this
 *    one has capabilities that engines lack, wherefore they cannot trace it, and process 1 takes no signal from within.
 * 4. `prlimit`: memory, files, processes.
 * 5. `perl`: a keyring of its own, the private root becomes the root, a filter of system calls (`confine.ts`). From here on
 *    there are no new processes, only threads.
 * 6. `setpriv`: another user, no capabilities, no way to new privileges, death with its parent.
 * 7. `node`.
 */

/** What Node needs beside the budget: V8 reserves 512 MiB for code alone. */
const NODE_DATA_BYTES = 700 * 1024 * 1024
/** Address space beyond private memory: libraries, and shared memory, which the other limit does not count. */
const SHARED_BYTES = 2048 * 1024 * 1024
const MAX_FILES = 64
/** An engine has about twenty. */
const MAX_THREADS = 64

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
    `--core=${coreLimitBytes()}`,
    '--fsize=0',
    '--memlock=0',
    '--msgqueue=0',
    `--nofile=${MAX_FILES}`,
    `--nproc=${MAX_THREADS}`,
    '--',
  ]
}

/** Step 5 where no filter can be had: only the root. The shell stands beside it then. */
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

/** Ends the shell of step 3 when something in it fails; no engine can end it so. */
export const WALL_FAILED_EXIT = 96

/**
 * The end of step 3: what follows runs as a child. When it ends this ends, and the kernel kills what it left behind. An
 * engine is the first to go when the machine runs out of memory. The descriptors are those of one digit, which is all that
 * the shell can name.
 */
const WAIT_SCRIPT = `
{ echo 1000 >/proc/self/oom_score_adj; } 2>&- || :
status=0
"$@" </dev/null 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- || status=$?
trap - EXIT
[ "$status" -ne ${WALL_FAILED_EXIT} ] || status=1
exit "$status"
`

/** Step 3 where there is a process namespace and no private root. Parameters: the command that goes on. */
export const SUPERVISOR_SCRIPT: string = `set -e${WAIT_SCRIPT}`

/**
 * Step 3. Parameters: the mount point, the paths of mount and tar, then the command that goes on. Standard input is the
 * archive of the private root.
 *
 * The file system is moved over the old root, as switch_root(8) does it, and the engine's root is a folder in it: nothing
 * of the old one can be named from there, whatever mounts exist beneath. This also works where the old root is an
 * initramfs, which pivot_root(2) refuses.
 *
 * System V memory, messages and semaphores stay when nobody uses them and count for nobody, so the ipc namespace is made to
 * allow none, where `/proc/sys` can be written to. Source: proc_sys_kernel(5).
 */
export const WALL_SCRIPT: string = `set -e
trap 'exit ${WALL_FAILED_EXIT}' EXIT
point=$1 mount=$2 tar=$3
shift 3
for limit in shmmax shmmni msgmni; do { echo 0 >/proc/sys/kernel/$limit; } 2>&- || :; done
{ echo 0 0 0 0 >/proc/sys/kernel/sem; } 2>&- || :
"$mount" -n -t tmpfs -o mode=0755,size=4m,nr_inodes=2000,nosuid,nodev,noexec engine "$point"
cd "$point"
"$tar" -x -m --no-same-owner -f -
"$mount" -n -a -T fstab
"$mount" -n -o remount,bind,ro,nosuid,nodev,noexec "$point"
"$mount" -n --move . /${WAIT_SCRIPT}`

/** A signal from outside opens no debugger in an engine; Node opens one at SIGUSR1 otherwise. */
export const NO_DEBUGGER = '--disable-sigusr1'

/**
 * A second layer within the process, against mistakes rather than native code: no child processes, no threads, no writes,
 * no code made of strings.
 */
export const NODE_OPTIONS: readonly string[] = [
  NO_DEBUGGER,
  '--permission',
  '--allow-addons',
  '--allow-fs-read=*',
  '--disallow-code-generation-from-strings',
  '--disable-proto=throw',
]
