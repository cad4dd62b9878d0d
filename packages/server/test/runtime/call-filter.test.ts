import { describe, expect, test } from 'vitest'
import { callFilter } from '../../src/runtime/host/wall/call-filter.ts'
import { confineCommand } from '../../src/runtime/host/wall/confine.ts'
import { ARCHITECTURES, type Architecture } from '../../src/runtime/host/wall/system-calls.ts'

const ALLOW = 0x7fff_0000
const KILL = 0x8000_0000
const EPERM = 0x0005_0001
const ENOSYS = 0x0005_0026
const CLONE_THREAD = 0x0001_0000
const SIGCHLD = 17

/** What glibc 2.36 asks for to make a thread. Source: nptl/sysdeps/unix/sysv/linux/createthread.c. */
const THREAD_FLAGS = 0x003d_0f00

/** By name, what Node, ONNX Runtime, libvips and setpriv call; on x64 and on arm64. */
const NEEDED: Readonly<Record<string, readonly [number, number]>> = {
  read: [0, 63],
  write: [1, 64],
  close: [3, 57],
  mmap: [9, 222],
  mprotect: [10, 226],
  munmap: [11, 215],
  brk: [12, 214],
  rt_sigaction: [13, 134],
  madvise: [28, 233],
  sendmsg: [46, 211],
  recvmsg: [47, 212],
  shutdown: [48, 210],
  getsockname: [51, 204],
  execve: [59, 221],
  exit: [60, 93],
  setgroups: [116, 159],
  setresuid: [117, 147],
  setresgid: [119, 149],
  capset: [126, 91],
  prctl: [157, 167],
  futex: [202, 98],
  sched_getaffinity: [204, 123],
  exit_group: [231, 94],
  tgkill: [234, 131],
  openat: [257, 56],
  epoll_pwait: [281, 22],
  eventfd2: [290, 19],
  epoll_create1: [291, 20],
  pipe2: [293, 59],
  getrandom: [318, 278],
  rseq: [334, 293],
}

/** One call, run through a filter by this test's own reading of bpf(4), for the instructions that filters use. */
function judge(filter: Uint8Array, audit: number, number: number, firstArgument = 0): number {
  const data = new DataView(new ArrayBuffer(64))
  data.setUint32(0, number, true)
  data.setUint32(4, audit, true)
  data.setUint32(16, firstArgument, true)
  const program = new DataView(filter.buffer, filter.byteOffset, filter.byteLength)
  let accumulator = 0
  for (let at = 0; at < program.byteLength; at += 8) {
    const k = program.getUint32(at + 4, true)
    const jump = (isTrue: boolean): number => 8 * program.getUint8(at + (isTrue ? 2 : 3))
    switch (program.getUint16(at, true)) {
      case 0x20:
        accumulator = data.getUint32(k, true)
        break
      case 0x15:
        at += jump(accumulator === k)
        break
      case 0x35:
        at += jump(accumulator >= k)
        break
      case 0x45:
        at += jump((accumulator & k) !== 0)
        break
      case 0x06:
        return k
      default:
        throw new RangeError(`no instruction at ${at}`)
    }
  }
  throw new RangeError('the program has no end')
}

const CASES: readonly (readonly [name: string, column: 0 | 1, architecture: Architecture])[] = Object.entries(
  ARCHITECTURES,
).map(([name, architecture]) => [name, name === 'x64' ? 0 : 1, architecture])

describe.each(CASES)('the filter of system calls on %s', (_, column, architecture) => {
  const { audit, refused, clone, clone3, firstUnknown } = architecture
  const filter = callFilter(architecture)
  const answer = (number: number, firstArgument?: number): number => judge(filter, audit, number, firstArgument)

  test('refuses all that is in the table', () => {
    expect(refused.filter((number) => answer(number) !== EPERM)).toEqual([])
    expect(new Set(refused).size).toBe(refused.length)
    expect(refused.length).toBeGreaterThan(70)
  })

  test('allows what an engine needs', () => {
    const missed = Object.entries(NEEDED).filter(([, numbers]) => answer(numbers[column]) !== ALLOW)
    expect(missed).toEqual([])
  })

  test('allows threads and no processes', () => {
    expect(answer(clone, THREAD_FLAGS)).toBe(ALLOW)
    expect(answer(clone, SIGCHLD)).toBe(EPERM)
    expect(answer(clone, THREAD_FLAGS & ~CLONE_THREAD)).toBe(EPERM)
    expect(answer(clone3)).toBe(ENOSYS)
  })

  test('knows nothing of younger calls and of the x32 ABI', () => {
    expect(answer(firstUnknown - 1)).toBe(ALLOW)
    for (const number of [firstUnknown, 0x200, 0x4000_0000, 0x4000_0029, 0xffff_ffff]) {
      expect(answer(number)).toBe(ENOSYS)
    }
  })

  test('kills what calls as another architecture does', () => {
    for (const other of [0x4000_0003, 0x4000_0028, 0, ...CASES.map(([, , { audit: each }]) => each)]) {
      if (other !== audit) expect(judge(filter, other, 0)).toBe(KILL)
    }
  })
})

test('without Perl there is no command that confines', () => {
  expect(confineCommand(undefined)).toBeUndefined()
})
