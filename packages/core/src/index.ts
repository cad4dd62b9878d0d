export {
  type AttestationDocument,
  type AttestedConfig,
  type AttestedSoftware,
  combineNonces,
  type DcapEndorsements,
  type Ed25519Jwk,
  type Endorsements,
  type Evidence,
  type EvidenceFormat,
  type EvidenceSource,
  type IsolationLevel,
  type Keyset,
  MAX_SHARED_NONCES,
  NONCE_BYTES,
  reportData,
  type SnpEndorsements,
  type Statement,
  type TpmEndorsements,
} from './attestation.ts'
export type { Brand } from './brand.ts'
export { ByteReader } from './byte-reader.ts'
export {
  concatBytes,
  equalBytes,
  fromBase64Url,
  fromHex,
  fromUtf8,
  isZero,
  joinBytes,
  toBase64Url,
  toHex,
  u32be,
  utf8,
} from './bytes.ts'
export { type Catalogue, type CatalogueRow, CodedError } from './coded-error.ts'
export {
  derBitString,
  derBoolean,
  derEnumerated,
  derExplicit,
  derImplicit,
  derInteger,
  derNamedBits,
  derNull,
  derOctetString,
  derOid,
  derPrintableString,
  derSequence,
  derSetOf,
  derTime,
  derUnsigned,
  derUtf8String,
  toPem,
} from './der-writer.ts'
export { type DigestAlgorithm, digest } from './digest.ts'
export { type JsonObject, type JsonValue, parseJson } from './json.ts'
export {
  type AnyMalformedError,
  isMalformedError,
  MALFORMED_CATALOGUE,
  MalformedError,
  type MalformedErrorDetails,
} from './malformed.ts'
export { formatUnixSeconds, type UnixSeconds, unixSeconds } from './time.ts'
