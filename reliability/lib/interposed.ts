import type { StoreFiles } from '@blindai/store'

/** One file operation as the store asked for it. */
export interface FileOperation {
  readonly name:
    | 'create'
    | 'write'
    | 'fsync'
    | 'close'
    | 'open'
    | 'stat'
    | 'read'
    | 'close-read'
    | 'rename'
    | 'unlink'
    | 'mkdir'
    | 'readdir'
    | 'fsync-dir'
  /** Of what: the part of the store, not the name that a blob got by chance. */
  readonly target: string
  /** For a write: does the first half of it and no more. */
  readonly half?: () => Promise<void>
}

/** Sees an operation before it is done, and does it, or does not. */
export type Interposer = <T>(operation: FileOperation, run: () => Promise<T>) => Promise<T>

/** The operation's name as results show it. */
export function operationName({ name, target }: FileOperation): string {
  return `${name} ${target}`
}

/** Lets everything through. */
export const honestly: Interposer = (_, run) => run()

/**
 * Files with something between them and the store: where every fault of this folder is made.
 *
 * @param swallows - names of `fsync` operations that are answered and not done.
 */
export function interposed(
  files: StoreFiles,
  interpose: Interposer,
  swallows: (operation: string) => boolean = () => false,
): StoreFiles {
  const sync = (name: 'fsync' | 'fsync-dir', path: string, run: () => Promise<void>): Promise<void> =>
    on(name, path, async () => {
      if (!swallows(operationName({ name, target: targetOf(path) }))) await run()
    })
  const on = <T>(name: FileOperation['name'], path: string, run: () => Promise<T>): Promise<T> =>
    interpose({ name, target: targetOf(path) }, run)
  return {
    create: (path) =>
      on('create', path, async () => {
        const file = await files.create(path)
        return {
          write: (bytes, position) =>
            interpose(
              {
                name: 'write',
                target: targetOf(path),
                half: () => file.write(bytes.subarray(0, bytes.byteLength >> 1), position),
              },
              () => file.write(bytes, position),
            ),
          fsync: () => sync('fsync', path, () => file.fsync()),
          close: () => on('close', path, () => file.close()),
        }
      }),
    open: (path) =>
      on('open', path, async () => {
        const file = await files.open(path)
        return {
          stat: () => on('stat', path, () => file.stat()),
          read: (bytes, position) => on('read', path, () => file.read(bytes, position)),
          close: () => on('close-read', path, () => file.close()),
        }
      }),
    rename: (from, to) => on('rename', to, () => files.rename(from, to)),
    unlink: (path) => on('unlink', path, () => files.unlink(path)),
    mkdir: (path) => on('mkdir', path, () => files.mkdir(path)),
    readdir: (path) => on('readdir', path, () => files.readdir(path)),
    fsyncDir: (path) => sync('fsync-dir', path, () => files.fsyncDir(path)),
  }
}

function targetOf(path: string): string {
  const [folder, name] = path.split('/')
  if (name === undefined) return path
  return folder === 'blobs' ? 'blob' : `${folder} file`
}
