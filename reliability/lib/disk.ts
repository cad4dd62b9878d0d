import type { ReadableStoreFile, StoreFiles, WritableStoreFile } from '@blindai/store'

/**
 * A disk in memory that knows what a loss of power may leave of it.
 *
 * What POSIX promises and no more: of writes to a file since its last `fsync` each may be there whole, in its first half or
 * not at all, whatever became of the others; of names made, moved or removed in a folder since its last `fsyncDir` each may
 * be there or not, whatever became of the others. A rename is one step: not both names and not none. Where a later write is
 * there and an earlier one is not, zeros stand between.
 */
export class Disk implements StoreFiles {
  #entries: Map<string, Inode> = new Map([['.', folder()]])
  /** Changes of names that are not durable, oldest first. */
  #pending: NameChange[] = []
  /** The names as they are on the platter. */
  #durable: Map<string, Inode> = new Map(this.#entries)
  readonly #afterEach: (disk: Disk) => Promise<void>
  #turn: Promise<unknown> = Promise.resolve()

  /** @param afterEach - called after every operation that changed something; the next one waits for it. */
  constructor(afterEach: (disk: Disk) => Promise<void> = async () => undefined) {
    this.#afterEach = afterEach
  }

  create(path: string): Promise<WritableStoreFile> {
    return this.#change(() => {
      if (this.#entries.has(path)) throw systemError('EEXIST', 'open')
      const inode: Inode = { isFolder: false, durable: [], pending: [] }
      this.#rename([{ path, inode }])
      return {
        write: (bytes, position) =>
          this.#change(() => void inode.pending.push({ position, bytes: bytes.slice(), part: 'whole' })),
        fsync: () =>
          this.#change(() => {
            inode.durable = [...inode.durable, ...inode.pending]
            inode.pending = []
          }),
        close: async () => undefined,
      }
    })
  }

  async open(path: string): Promise<ReadableStoreFile> {
    const inode = this.#entries.get(path)
    if (inode === undefined) throw systemError('ENOENT', 'open')
    const content = (): Uint8Array => contentOf([...inode.durable, ...inode.pending])
    return {
      stat: async () => ({ size: content().byteLength, mode: 0o100600 }),
      async read(bytes, position) {
        const part = content().subarray(position, position + bytes.byteLength)
        bytes.set(part)
        return part.byteLength
      },
      close: async () => undefined,
    }
  }

  rename(from: string, to: string): Promise<void> {
    return this.#change(() => {
      const inode = this.#entries.get(from)
      if (inode === undefined) throw systemError('ENOENT', 'rename')
      this.#rename([
        { path: from, inode: undefined },
        { path: to, inode },
      ])
    })
  }

  unlink(path: string): Promise<void> {
    return this.#change(() => {
      if (!this.#entries.has(path)) throw systemError('ENOENT', 'unlink')
      this.#rename([{ path, inode: undefined }])
    })
  }

  mkdir(path: string): Promise<void> {
    return this.#change(() => {
      if (this.#entries.has(path)) throw systemError('EEXIST', 'mkdir')
      this.#rename([{ path, inode: folder() }])
    })
  }

  async readdir(path: string): Promise<readonly string[]> {
    if (this.#entries.get(path)?.isFolder !== true) throw systemError('ENOENT', 'scandir')
    return [...this.#entries.keys()].filter((name) => name !== '.' && parentOf(name) === path).map(baseOf)
  }

  fsyncDir(path: string): Promise<void> {
    return this.#change(() => {
      const isOf = (change: NameChange): boolean => change.some((step) => parentOf(step.path) === path)
      for (const change of this.#pending.filter(isOf)) applyNames(this.#durable, change)
      this.#pending = this.#pending.filter((change) => !isOf(change))
    })
  }

  /** How many states a loss of power can leave now. */
  countStates(): number {
    return this.#choices().reduce((product, choices) => product * choices, 1)
  }

  /** One of the states that a loss of power can leave now; `which` is below `countStates()`. */
  stateAfterLoss(which: number): Disk {
    let rest = which
    const next = (choices: number): number => {
      const choice = rest % choices
      rest = Math.floor(rest / choices)
      return choice
    }
    const disk = new Disk()
    const entries = new Map(this.#durable)
    for (const change of this.#pending) if (next(2) === 1) applyNames(entries, change)
    const survivors = new Map<Inode, Inode>()
    for (const inode of this.#openInodes()) {
      const kept = inode.pending.flatMap((write) => {
        const part = PARTS[next(PARTS.length)]
        return part === undefined || part === 'lost' ? [] : [{ ...write, part }]
      })
      survivors.set(inode, { ...inode, durable: [...inode.durable, ...kept], pending: [] })
    }
    const isThere = (path: string): boolean => path === '.' || entries.has(parentOf(path))
    for (const [path, inode] of entries) if (isThere(path)) disk.#entries.set(path, survivors.get(inode) ?? inode)
    disk.#durable = new Map(disk.#entries)
    return disk
  }

  /** The same disk, as it is to a process that goes on. */
  watched(afterEach: (disk: Disk) => Promise<void>): Disk {
    const disk = new Disk(afterEach)
    disk.#entries = new Map(this.#entries)
    disk.#durable = new Map(this.#durable)
    disk.#pending = [...this.#pending]
    return disk
  }

  #choices(): number[] {
    return [
      ...this.#pending.map(() => 2),
      ...this.#openInodes().flatMap(({ pending }) => pending.map(() => PARTS.length)),
    ]
  }

  /** Files that have a name in some state and writes that may be lost. */
  #openInodes(): Inode[] {
    const named = [...this.#durable.values(), ...this.#pending.flat().map(({ inode }) => inode)]
    return [...new Set(named)].filter((inode): inode is Inode => inode !== undefined && inode.pending.length > 0)
  }

  #rename(change: NameChange): void {
    applyNames(this.#entries, change)
    this.#pending.push(change)
  }

  #change<T>(act: () => T): Promise<T> {
    const done = this.#turn.then(async () => {
      const result = act()
      await this.#afterEach(this)
      return result
    })
    this.#turn = done.catch(() => undefined)
    return done
  }
}

const PARTS = ['whole', 'half', 'lost'] as const

interface Write {
  readonly position: number
  readonly bytes: Uint8Array
  readonly part: (typeof PARTS)[number]
}

interface Inode {
  readonly isFolder: boolean
  durable: Write[]
  pending: Write[]
}

/** What one step did to names, at once. */
type NameChange = readonly { readonly path: string; readonly inode: Inode | undefined }[]

function folder(): Inode {
  return { isFolder: true, durable: [], pending: [] }
}

function applyNames(entries: Map<string, Inode>, change: NameChange): void {
  for (const { path, inode } of change) {
    if (inode === undefined) entries.delete(path)
    else entries.set(path, inode)
  }
}

function contentOf(writes: readonly Write[]): Uint8Array {
  const kept = writes.map(({ bytes, position, part }) => ({
    position,
    bytes: part === 'half' ? bytes.subarray(0, bytes.byteLength >> 1) : bytes,
  }))
  const content = new Uint8Array(Math.max(0, ...kept.map(({ bytes, position }) => position + bytes.byteLength)))
  for (const { bytes, position } of kept) content.set(bytes, position)
  return content
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '.' : path.slice(0, slash)
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** An error as the system gives it. */
export function systemError(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: ${syscall}`), { code, syscall })
}
