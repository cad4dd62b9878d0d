/**
 * What the process answers a script. Public API: `docs/cli.md` lists the same numbers.
 *
 * The three answers about evidence stay apart: malformed, not proved, proved but not wanted.
 */
export const EXIT = {
  /** Done; for `verify`: affirming. */
  ok: 0,
  /** Something to correct: a file, a request, a credential, the configuration, a wrong answer in the demo. */
  failed: 1,
  /** The command line itself. */
  usage: 2,
  /** The document or its evidence is not what its format says. */
  malformed: 10,
  /** Well formed, and not proved: a signature, a chain, a binding or a freshness check failed. */
  notProved: 20,
  /** Proved, and not wanted by the policy. */
  notWanted: 30,
  /** Busy, unreachable or timed out: the same command may succeed later (EX_TEMPFAIL of sysexits.h). */
  tryAgain: 75,
  /** Ended by Ctrl-C (128 + SIGINT). */
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
