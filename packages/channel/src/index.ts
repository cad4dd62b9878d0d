export {
  type BinaryHttpLimits,
  DEFAULT_HEAD_LIMITS,
  decodeRequest,
  decodeResponse,
} from './binary-http-decode.ts'
export { encodeRequest, encodeResponse, type MessagePieces } from './binary-http-encode.ts'
export {
  type AnyChannelError,
  CHANNEL_CATALOGUE,
  ChannelError,
  type ChannelErrorDetails,
  isChannelError,
} from './channel-error.ts'
export {
  CHANNEL_EXPORTER_BYTES,
  CHANNEL_EXPORTER_LABEL,
  type ChannelSigner,
  channelProofMessage,
  createChannelSigner,
  verifyChannelProof,
} from './channel-proof.ts'
export { MEDIA_TYPES } from './encapsulation.ts'
export {
  type HpkeBackend,
  isPostQuantum,
  KEM_MLKEM768_X25519_ID,
  KEM_X25519_ID,
  type SuiteIds,
  webCryptoBackend,
} from './hpke-suites.ts'
export { formatHttpDate, parseHttpDate } from './http-date.ts'
export {
  type BinaryRequest,
  type BinaryResponse,
  collectBody,
  type HttpBody,
  type HttpHeaders,
} from './http-message.ts'
export { KEY_CONFIG_LIST_TYPE, type KeyConfig, parseKeyConfigList } from './key-config.ts'
export {
  type EncapsulatedRequest,
  type EncapsulateOptions,
  encapsulateRequest,
  encapsulateStream,
  OHTTP_AUTHORITY,
} from './ohttp-client.ts'
export {
  type GatewayOptions,
  OhttpGateway,
  type OpenedRequest,
  type RequestHead,
  RequestRefused,
  type SealedResponse,
  type SealResponse,
} from './ohttp-gateway.ts'
export { generateOhttpKeys, type OhttpKeys } from './ohttp-keys.ts'
export { paddedLength } from './padding.ts'
export { BUILD_DATE_FLOOR, SteadyClock } from './steady-clock.ts'
export { type CipherName, type SyncPrimitives, syncBackend } from './sync-backend.ts'
export type { HandlePair, KemPrimitives, KeyHandle, SyncMlKem768, SyncX25519 } from './sync-kems.ts'
