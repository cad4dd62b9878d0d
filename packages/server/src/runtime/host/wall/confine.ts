import { toHex } from '@blindai/core'
import { callFilter } from './call-filter.ts'
import { ARCHITECTURES } from './system-calls.ts'

/**
 * The step that no program of util-linux 2.38 can do: a keyring and a filter of system calls. Perl is essential in Debian and
 * can make any system call by its number; this takes its interpreter only, no module.
 *
 * Parameters: the numbers of `prctl` and `keyctl`, the filter in hexadecimal, the new root or nothing, the command that goes
 * on.
 *
 * 1. A session keyring of its own and without a name, in the place of the server's (KEYCTL_JOIN_SESSION_KEYRING). Where the
 *    kernel refuses it, the filter still refuses every use of the old one.
 * 2. The root, if any, and the empty folder in it. A process under a changed root can make no user namespace.
 * 3. No new privileges (PR_SET_NO_NEW_PRIVS), which takes none away, and the filter (PR_SET_SECCOMP, SECCOMP_MODE_FILTER);
 *    `struct sock_fprog` is a length and a pointer. All that this becomes, and all its threads, keep both.
 *
 * Source: keyctl(2), chroot(2), prctl(2), perlfunc(1) "syscall" and "pack".
 */
const CONFINE_SCRIPT = `my ($prctl, $keyctl, $filter, $root, @command) = @ARGV;
syscall($keyctl + 0, 1, 0);
if ($root ne '') { chroot($root) && chdir('/empty') or exit 1; }
my $program = pack('H*', $filter);
my $head = pack('S x!8 P', length($program) / 8, $program);
syscall($prctl + 0, 38, 1, 0, 0, 0) == 0 or exit 1;
syscall($prctl + 0, 22, 2, $head) == 0 or exit 1;
exec { $command[0] } @command;
exit 1;
`

/** The command; with no root given, none changes. Undefined without Perl, or on a processor that the filter does not know. */
export function confineCommand(perl: string | undefined, root = ''): string[] | undefined {
  const architecture = ARCHITECTURES[process.arch]
  if (perl === undefined || architecture === undefined) return undefined
  const { prctl, keyctl } = architecture
  const filter = toHex(callFilter(architecture))
  return [perl, '-f', '-e', CONFINE_SCRIPT, '--', String(prctl), String(keyctl), filter, root]
}
