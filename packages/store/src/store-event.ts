/** What happens to a store besides what was asked of it. A closed set: digests and codes, no name, no path. */
export type StoreEvent =
  | { readonly event: 'store-opened'; readonly models: number; readonly generation: number }
  /** What an upload or a delete that was cut off had left on the disk. */
  | { readonly event: 'store-leftovers-removed'; readonly files: number }
  /** The sealed bytes of a model are not what was stored; the model is kept in the index and not served. */
  | { readonly event: 'model-damaged'; readonly model: string; readonly code: string; readonly movedAside: boolean }
  /** A file that nothing opens any more could not be removed; the next start tries again. */
  | { readonly event: 'blob-left-behind'; readonly code: string }
