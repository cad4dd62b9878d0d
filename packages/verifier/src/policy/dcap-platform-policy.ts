/** How an Intel platform is named: its family, itself as its first owner knows it, or itself since it was last set up. */
export type DcapPlatformIdentifier = 'fmspc' | 'ppid' | 'platformInstanceId'

/** Which values of one identifier may be used. Lower-case hex. */
export interface IdentifierPolicy {
  /** When there is a list, no other value may be used, and none at all neither. */
  readonly allow?: readonly string[]
  readonly deny: readonly string[]
}

/** Which Intel platforms may be used, by what their PCK certificate says: an FMSPC has 6 bytes, the other two 16. */
export type DcapPlatformPolicy = { readonly [Identifier in DcapPlatformIdentifier]: IdentifierPolicy }
