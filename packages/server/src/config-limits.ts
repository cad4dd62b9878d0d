import { availableParallelism, totalmem } from 'node:os'

/**
 * Every bound of the server in one place. A configuration file may set any of them by the same name; what it leaves out
 * has the value of `defaultLimits`.
 */
export interface ServerLimits {
  /** Threads of engines that compute at the same time. */
  readonly cores: number
  /** Largest body of an inference or task request. */
  readonly maxRequestBytes: number
  /**
   * Largest oblivious request in one piece, which is held before anybody can know whose it is; a larger one comes in chunks.
   * Clients send in one piece what fits the least value that this may have.
   */
  readonly maxWholeObliviousBytes: number
  /** JSON in a request, and tensors that an answer may carry as JSON: either keeps everybody waiting while it is read. */
  readonly maxJsonBytes: number
  readonly maxJsonTensorBytes: number
  /** All outputs of one run; a run that has more is refused. */
  readonly maxResponseBytes: number
  /** A compressed body may hold so many times its bytes; an answer up to the second is compressed for whoever asks. */
  readonly maxDecompressionRatio: number
  readonly maxCompressedAnswerBytes: number
  /** Memory that bodies of requests and answers in flight may take together, and what one tenant may take of it. */
  readonly maxBodyMemoryBytes: number
  readonly maxBodyMemoryBytesPerTenant: number
  /** Largest model, all models of one tenant, and all models together, uploads in progress included. */
  readonly maxModelBytes: number
  readonly maxModelBytesPerTenant: number
  readonly maxStoredBytes: number
  readonly maxModelsPerTenant: number
  readonly maxUploadsPerTenant: number
  /** Tenants, those of the configuration included, and API keys of one that was made at run time. */
  readonly maxTenants: number
  readonly maxKeysPerTenant: number
  /** How far away the expiry of a key may be that a tenant adds for itself. */
  readonly maxOwnKeySeconds: number
  /** What one tenant may ask for and let engines compute in a minute; its own quotas may be less. */
  readonly maxRequestsPerMinutePerTenant: number
  readonly maxEngineMsPerMinutePerTenant: number
  /** An upload in parts is forgotten when nothing arrives for this long. */
  readonly uploadIdleMs: number
  /** Requests that wait for an engine, together and of one tenant. */
  readonly maxQueuedRequests: number
  readonly maxQueuedRequestsPerTenant: number
  /** From admission to the answer; the engine is killed when it is over. */
  readonly requestDeadlineMs: number
  /** How long a run goes on for a client that has gone, before its engine is killed. */
  readonly cancelGraceMs: number
  /** Elements of all inputs of requests that are computed in one run; 0 for no batches. */
  readonly maxBatchElements: number
  /** What one engine may allocate beside the runtime itself: the headroom and three times its model, at most the second. */
  readonly engineHeadroomBytes: number
  readonly engineMemoryBytes: number
  /** What all engines may be allowed together. */
  readonly enginesMemoryBytes: number
  /** What gatekeeper and engines may hold together; near it the server refuses work, step by step (`memory-ladder.ts`). */
  readonly maxMemoryBytes: number
  readonly maxEngines: number
  readonly engineIdleMs: number
  readonly loadDeadlineMs: number
  /** Two crashes of a model within this time quarantine it. */
  readonly crashWindowMs: number
  readonly maxConnections: number
  /** Connections to the TLS listener from one IPv4 address or IPv6 network; behind a balancer, set it to `maxConnections`. */
  readonly maxConnectionsPerAddress: number
  /** Streams at once on one h2 connection. */
  readonly maxStreamsPerConnection: number
  /** Header section of a request: bytes, and fields. */
  readonly maxHeaderBytes: number
  readonly maxHeaderFields: number
  readonly handshakeTimeoutMs: number
  /** From the first byte of a request to the end of its headers. */
  readonly headersTimeoutMs: number
  /** A connection with nothing to do is closed after this. */
  readonly connectionIdleMs: number
  /**
   * A body, either way, may take this long and a second more for each `minBodyBytesPerSecond`. One that comes in may pause
   * no longer than this, however much of it came before.
   */
  readonly bodyGraceMs: number
  readonly minBodyBytesPerSecond: number
  /** No request takes longer, uploads included. */
  readonly requestTimeoutMs: number
  /** Operation ids remembered for a tenant, and for how long. */
  readonly maxOperationIdsPerTenant: number
  readonly operationIdWindowSeconds: number
  /** Oblivious requests remembered against replay, and how far their Date may be off. */
  readonly replayCapacity: number
  readonly dateWindowSeconds: number
  /** Lines of the log; ten seconds' worth may come at once. What is more is counted and not written. */
  readonly maxLogLinesPerSecond: number
  /** How long `close` waits for requests in flight. */
  readonly drainMs: number
  /** How long a server that is to end says that it is not ready and serves on, so that balancers look elsewhere first. */
  readonly drainNoticeMs: number
}

const MIB = 1024 * 1024
const GIB = 1024 * MIB

/** The smallest and the largest value that a configuration may give for each limit. */
export const LIMIT_RANGES: { readonly [Name in keyof ServerLimits]: readonly [number, number] } = {
  cores: [1, 1024],
  maxRequestBytes: [1024, 2 * GIB],
  maxWholeObliviousBytes: [2 * MIB, 64 * MIB],
  maxJsonBytes: [1024, 128 * MIB],
  maxJsonTensorBytes: [1024, 64 * MIB],
  maxResponseBytes: [1024, 2 * GIB],
  maxDecompressionRatio: [1, 1100],
  maxCompressedAnswerBytes: [0, 256 * MIB],
  maxBodyMemoryBytes: [MIB, 1024 * GIB],
  maxBodyMemoryBytesPerTenant: [MIB, 1024 * GIB],
  maxModelBytes: [1024, 1024 * GIB],
  maxModelBytesPerTenant: [1024, 1024 * GIB],
  maxStoredBytes: [1024, 1024 * GIB],
  maxModelsPerTenant: [1, 100_000],
  maxUploadsPerTenant: [1, 1000],
  maxTenants: [1, 10_000],
  maxKeysPerTenant: [1, 100],
  maxOwnKeySeconds: [3600, 315_360_000],
  maxRequestsPerMinutePerTenant: [1, 1_000_000_000],
  maxEngineMsPerMinutePerTenant: [1, 1_000_000_000],
  uploadIdleMs: [1000, 86_400_000],
  maxQueuedRequests: [1, 100_000],
  maxQueuedRequestsPerTenant: [1, 100_000],
  requestDeadlineMs: [10, 3_600_000],
  cancelGraceMs: [0, 60_000],
  maxBatchElements: [0, 64 * MIB],
  engineHeadroomBytes: [16 * MIB, 1024 * GIB],
  engineMemoryBytes: [16 * MIB, 1024 * GIB],
  enginesMemoryBytes: [16 * MIB, 16_384 * GIB],
  maxMemoryBytes: [256 * MIB, 16_384 * GIB],
  maxEngines: [1, 4096],
  engineIdleMs: [100, 86_400_000],
  loadDeadlineMs: [100, 3_600_000],
  crashWindowMs: [1000, 86_400_000],
  maxConnections: [1, 100_000],
  maxConnectionsPerAddress: [1, 100_000],
  maxStreamsPerConnection: [1, 1000],
  maxHeaderBytes: [1024, 256 * 1024],
  maxHeaderFields: [8, 1000],
  handshakeTimeoutMs: [100, 120_000],
  headersTimeoutMs: [100, 120_000],
  connectionIdleMs: [1000, 3_600_000],
  bodyGraceMs: [100, 600_000],
  minBodyBytesPerSecond: [1, GIB],
  requestTimeoutMs: [1000, 86_400_000],
  maxOperationIdsPerTenant: [16, 1_000_000],
  operationIdWindowSeconds: [60, 86_400],
  replayCapacity: [16, 16_777_216],
  dateWindowSeconds: [10, 3600],
  maxLogLinesPerSecond: [1, 100_000],
  drainMs: [0, 3_600_000],
  drainNoticeMs: [0, 600_000],
}

/** The limits for this machine: as many engines as cores, half the memory for engines, a quarter for models. */
export function defaultLimits(): ServerLimits {
  const memory = machineMemoryBytes()
  const cores = availableParallelism()
  return {
    cores,
    maxRequestBytes: 64 * MIB,
    maxWholeObliviousBytes: 4 * MIB,
    maxJsonBytes: 8 * MIB,
    maxJsonTensorBytes: MIB,
    maxResponseBytes: 256 * MIB,
    maxDecompressionRatio: 256,
    maxCompressedAnswerBytes: 16 * MIB,
    maxBodyMemoryBytes: Math.max(256 * MIB, Math.floor(memory / 16)),
    maxBodyMemoryBytesPerTenant: Math.max(192 * MIB, Math.floor(memory / 32)),
    maxModelBytes: 2 * GIB,
    maxModelBytesPerTenant: Math.floor(memory / 8),
    maxStoredBytes: Math.floor(memory / 4),
    maxModelsPerTenant: 256,
    maxUploadsPerTenant: 8,
    maxTenants: 1000,
    maxKeysPerTenant: 16,
    maxOwnKeySeconds: 31_536_000,
    maxRequestsPerMinutePerTenant: 10_000_000,
    // More than all cores can compute: only the quota of a tenant, or a lower limit, holds anybody back.
    maxEngineMsPerMinutePerTenant: 2 * cores * 60_000,
    uploadIdleMs: 600_000,
    maxQueuedRequests: 256,
    maxQueuedRequestsPerTenant: 64,
    requestDeadlineMs: 30_000,
    cancelGraceMs: 1000,
    maxBatchElements: 0,
    engineHeadroomBytes: 256 * MIB,
    engineMemoryBytes: Math.min(4 * GIB, Math.max(16 * MIB, Math.floor(memory / 2) - 128 * MIB)),
    enginesMemoryBytes: Math.floor(memory / 2),
    maxMemoryBytes: Math.floor(memory * 0.9),
    maxEngines: Math.max(16, 4 * cores),
    engineIdleMs: 300_000,
    loadDeadlineMs: 60_000,
    crashWindowMs: 3_600_000,
    maxConnections: 2048,
    maxConnectionsPerAddress: 1536,
    maxStreamsPerConnection: 64,
    maxHeaderBytes: 16 * 1024,
    maxHeaderFields: 64,
    handshakeTimeoutMs: 10_000,
    headersTimeoutMs: 10_000,
    connectionIdleMs: 60_000,
    bodyGraceMs: 15_000,
    minBodyBytesPerSecond: 16 * 1024,
    requestTimeoutMs: 3_600_000,
    maxOperationIdsPerTenant: 4096,
    operationIdWindowSeconds: 3600,
    replayCapacity: 262_144,
    dateWindowSeconds: 300,
    maxLogLinesPerSecond: 50,
    drainMs: 30_000,
    drainNoticeMs: 2000,
  }
}

/** Memory of the machine, or less where a control group allows less. */
function machineMemoryBytes(): number {
  const constrained = process.constrainedMemory()
  const total = totalmem()
  return constrained > 0 && constrained < total ? constrained : total
}
