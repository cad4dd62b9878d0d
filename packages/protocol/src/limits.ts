/** What bounds a message before anything of it is allocated. The length of the whole body is the transport's to bound. */
export interface ProtocolLimits {
  /** Bytes of the JSON part, tensors in JSON included. */
  readonly maxJsonBytes: number
  /** Tensors of a request or response, and inputs of a task. */
  readonly maxItems: number
  /** Bytes of one tensor. */
  readonly maxTensorBytes: number
}

/** Limits for a server that does not say otherwise. */
export const DEFAULT_LIMITS: ProtocolLimits = {
  maxJsonBytes: 16 * 1024 * 1024,
  maxItems: 256,
  maxTensorBytes: 512 * 1024 * 1024,
}

/** The longest tensor or model name, in UTF-16 code units. */
export const MAX_NAME_LENGTH = 512

/** The largest number of dimensions. */
export const MAX_RANK = 32

/** Elements of one BYTES tensor: each is looked at one by one, and a length alone takes four bytes. */
export const MAX_BYTES_ELEMENTS: number = 2 ** 20
