/** What an operator may want to know. Names are of kinds of endorsements, codes of closed lists; nothing of a platform. */
export type EndorsementEvent =
  | { readonly event: 'endorsement-fetched'; readonly name: string }
  /** `serves`: a copy that is still valid serves on. */
  | { readonly event: 'endorsement-failed'; readonly name: string; readonly code: string; readonly serves: boolean }
  /** A copy on disk is damaged or past its end, and a new one is fetched. */
  | { readonly event: 'endorsement-copy-refused'; readonly name: string; readonly code: string }
  /** A copy cannot be written; it serves from memory. */
  | { readonly event: 'endorsement-copy-not-kept'; readonly name: string; readonly code: string }

/** The code of any error; `UNKNOWN` where it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN'
}
