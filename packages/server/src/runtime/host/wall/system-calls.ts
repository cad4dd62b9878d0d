/** The numbers of a system call on x64 and arm64; undefined where there is none. */
type Numbers = readonly [x64: number, arm64: number | undefined]

/**
 * What the filter refuses with EPERM. No engine needs any of it, and most of it nobody without privileges; each is kernel
 * that an attacker need not meet.
 *
 * Source: Linux 6.1, arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h (arm64).
 */
const REFUSED: Readonly<Record<string, Numbers>> = {
  // Sockets of any family; the channel is open already.
  socket: [41, 198],
  socketpair: [53, 199],
  bind: [49, 200],
  listen: [50, 201],
  accept: [43, 202],
  accept4: [288, 242],
  connect: [42, 203],
  // Processes. `clone` is looked at more closely, and `clone3` is not there.
  fork: [57, undefined],
  vfork: [58, undefined],
  // Keyrings.
  keyctl: [250, 219],
  add_key: [248, 217],
  request_key: [249, 218],
  // System V memory, semaphores and messages; POSIX messages.
  shmget: [29, 194],
  shmat: [30, 196],
  shmctl: [31, 195],
  shmdt: [67, 197],
  semget: [64, 190],
  semop: [65, 193],
  semctl: [66, 191],
  semtimedop: [220, 192],
  msgget: [68, 186],
  msgsnd: [69, 189],
  msgrcv: [70, 188],
  msgctl: [71, 187],
  mq_open: [240, 180],
  mq_unlink: [241, 181],
  mq_timedsend: [242, 182],
  mq_timedreceive: [243, 183],
  mq_notify: [244, 184],
  mq_getsetattr: [245, 185],
  // Other processes.
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  process_mrelease: [448, 448],
  pidfd_open: [434, 434],
  pidfd_getfd: [438, 438],
  pidfd_send_signal: [424, 424],
  kcmp: [312, 272],
  // Much kernel for little use.
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  userfaultfd: [323, 282],
  memfd_secret: [447, 447],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  modify_ldt: [154, undefined],
  personality: [135, 92],
  uselib: [134, undefined],
  lookup_dcookie: [212, 18],
  // Mounts, roots, namespaces.
  mount: [165, 40],
  umount2: [166, 39],
  mount_setattr: [442, 442],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  open_tree: [428, 428],
  pivot_root: [155, 41],
  chroot: [161, 51],
  unshare: [272, 97],
  setns: [308, 268],
  // Files by handle, the watching of whole file systems, quotas.
  open_by_handle_at: [304, 265],
  name_to_handle_at: [303, 264],
  fanotify_init: [300, 262],
  fanotify_mark: [301, 263],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  // The machine.
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  swapon: [167, 224],
  swapoff: [168, 225],
  reboot: [169, 142],
  syslog: [103, 116],
  acct: [163, 89],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  adjtimex: [159, 171],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  vhangup: [153, 58],
  iopl: [172, undefined],
  ioperm: [173, undefined],
}

/** What the filter and its installation need of an architecture. */
export interface Architecture {
  /** How the kernel names it to filters. Source: include/uapi/linux/audit.h. */
  readonly audit: number
  readonly refused: readonly number[]
  readonly clone: number
  readonly clone3: number
  readonly prctl: number
  readonly keyctl: number
  /** The first number that is not in the table; it and all beyond, on x64 those of the x32 ABI among them, are not there. */
  readonly firstUnknown: number
}

/** By Node's names. */
export const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x64: { audit: 0xc000_003e, refused: column(0), clone: 56, clone3: 435, prctl: 157, keyctl: 250, firstUnknown: 451 },
  arm64: {
    audit: 0xc000_00b7,
    refused: column(1),
    clone: 220,
    clone3: 435,
    prctl: 167,
    keyctl: 219,
    firstUnknown: 451,
  },
}

function column(index: 0 | 1): number[] {
  return Object.values(REFUSED)
    .map((numbers) => numbers[index])
    .filter((number) => number !== undefined)
}
