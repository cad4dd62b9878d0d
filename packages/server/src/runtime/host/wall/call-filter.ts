import type { Architecture } from './system-calls.ts'

/**
 * A filter of system calls, as a program of the classic Berkeley packet filter. Source: seccomp(2), linux/filter.h,
 * linux/seccomp.h.
 *
 * | call                                              | answer                                        |
 * | ------------------------------------------------- | --------------------------------------------- |
 * | made as on another architecture                   | the process is killed                         |
 * | `clone3`, and what is younger than the table      | ENOSYS: the C library then takes older ones   |
 * | `clone` that makes no thread                      | EPERM                                         |
 * | those in the table                                | EPERM                                         |
 * | all others                                        | allowed                                       |
 */
export function callFilter(architecture: Architecture): Uint8Array<ArrayBuffer> {
  const { audit, refused, clone, clone3, firstUnknown } = architecture
  const start: readonly Instruction[] = [
    [LOAD, 0, 0, OFFSET.architecture],
    [IF_EQUAL, 1, 0, audit],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD, 0, 0, OFFSET.number],
  ]
  const tests: readonly (readonly [code: number, k: number, to: keyof typeof ENDINGS])[] = [
    [IF_NOT_LESS, firstUnknown, 'absent'],
    [IF_EQUAL, clone3, 'absent'],
    [IF_EQUAL, clone, 'thread'],
    ...refused.map((number) => [IF_EQUAL, number, 'refuse'] as const),
  ]
  const branches = tests.map(
    ([code, k, to], index): Instruction => [code, tests.length - 1 - index + ENDINGS[to], 0, k],
  )
  return encode([...start, ...branches, ...END])
}

/** What ends a program, and where each ending starts. */
const ENDINGS = { allow: 0, refuse: 1, absent: 2, thread: 3 } as const

type Instruction = readonly [code: number, jumpIfTrue: number, jumpIfFalse: number, k: number]

// BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_K with JEQ, JGE, JSET, and BPF_RET|BPF_K.
const LOAD = 0x20
const IF_EQUAL = 0x15
const IF_NOT_LESS = 0x35
const IF_ANY_BIT = 0x45
const RETURN = 0x06

const ALLOW = 0x7fff_0000
const KILL_PROCESS = 0x8000_0000
const ERRNO = 0x0005_0000
const EPERM = 1
const ENOSYS = 38

/** Offsets in `struct seccomp_data`; of the first argument the low half, both processors being little-endian. */
const OFFSET = { number: 0, architecture: 4, firstArgument: 16 } as const

const CLONE_THREAD = 0x0001_0000

const END: readonly Instruction[] = [
  [RETURN, 0, 0, ALLOW],
  [RETURN, 0, 0, ERRNO | EPERM],
  [RETURN, 0, 0, ERRNO | ENOSYS],
  [LOAD, 0, 0, OFFSET.firstArgument],
  [IF_ANY_BIT, 0, 1, CLONE_THREAD],
  [RETURN, 0, 0, ALLOW],
  [RETURN, 0, 0, ERRNO | EPERM],
]

/** `struct sock_filter`: code of 16 bits, two jumps of 8, a constant of 32. A jump beyond 255 would not fit. */
function encode(program: readonly Instruction[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8 * program.length)
  const view = new DataView(bytes.buffer)
  for (const [index, [code, jumpIfTrue, jumpIfFalse, k]] of program.entries()) {
    if (jumpIfTrue > 255) throw new RangeError(`a jump over ${jumpIfTrue} instructions does not fit`)
    view.setUint16(8 * index, code, true)
    view.setUint8(8 * index + 2, jumpIfTrue)
    view.setUint8(8 * index + 3, jumpIfFalse)
    view.setUint32(8 * index + 4, k, true)
  }
  return bytes
}
