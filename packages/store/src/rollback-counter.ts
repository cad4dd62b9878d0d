/**
 * A number outside the disk that only grows: a TPM's NV counter, a service with a memory of its own.
 *
 * With one, an index older than the last that was acknowledged is refused: whoever puts back an older copy of the disk
 * brings no deleted model back. Without one such a copy opens, since nothing on the disk can tell it from the newest.
 * The number is that of the index's generation, so it grows by one or more with every upload, change and delete.
 */
export interface RollbackCounter {
  read(): Promise<number>
  /** Makes the counter at least this. Durable when it resolves; a smaller number changes nothing. */
  advance(generation: number): Promise<void>
}
