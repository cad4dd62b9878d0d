import type { ObjectReader } from '../json/object-reader.ts'
import type { DcapPlatformIdentifier, DcapPlatformPolicy, IdentifierPolicy } from './dcap-platform-policy.ts'
import { readAllowDeny } from './read-members.ts'

const BYTES: { readonly [Identifier in DcapPlatformIdentifier]: number } = {
  fmspc: 6,
  ppid: 16,
  platformInstanceId: 16,
}

/** Which platforms a policy accepts, the same members for SGX and TDX; any when it says nothing. */
export function readDcapPlatforms(parent: ObjectReader): DcapPlatformPolicy {
  const r = parent.has('platforms') ? parent.object('platforms') : undefined
  const platforms = {
    fmspc: readIdentifier(r, 'fmspc'),
    ppid: readIdentifier(r, 'ppid'),
    platformInstanceId: readIdentifier(r, 'platformInstanceId'),
  }
  r?.end()
  return platforms
}

function readIdentifier(r: ObjectReader | undefined, identifier: DcapPlatformIdentifier): IdentifierPolicy {
  if (r?.has(identifier) !== true) return { deny: [] }
  return readAllowDeny(r.object(identifier), BYTES[identifier])
}
