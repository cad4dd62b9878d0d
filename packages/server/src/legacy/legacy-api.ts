import { randomUUID } from 'node:crypto'
import { fromHex } from '@blindai/core'
import { type RawTensor, REQUEST_ID_HEADER, type TensorMetadata } from '@blindai/protocol'
import type { ServerLimits } from '../config-limits.ts'
import type { ApiRequest, ApiResponse } from '../http/api.ts'
import { BodyMemory } from '../http/body-memory.ts'
import type { RequestFailure } from '../http/dispatcher.ts'
import { publicError } from '../http/error-response.ts'
import type { InferenceService } from '../inference/index.ts'
import type { ModelLibrary, ModelRecord, ModelRepository } from '../models/index.ts'
import { CborReader } from './cbor-reader.ts'
import { CBOR_NULL, cborArray, cborBytes, cborMap, cborText, cborUnsigned } from './cbor-writer.ts'
import { datumTypeName } from './datum-type.ts'
import { LegacyError } from './legacy-error.ts'
import type { LegacyEvidence } from './legacy-evidence.ts'
import { type LegacyRun, readDelete, readRun, readUpload } from './read-requests.ts'

/** What requests of BlindAI 0.6 clients are served with. */
export interface LegacyServices {
  /** Who all of them are: a tenant without a key. */
  readonly tenant: string
  readonly models: ModelRepository
  readonly library: ModelLibrary
  readonly inference: InferenceService
  readonly limits: ServerLimits
  /** DER of the certificate of the TLS listeners. */
  readonly certificate: Uint8Array
  readonly evidence: LegacyEvidence | undefined
  /** True where the evidence is simulated, which clients are told. */
  readonly isSimulated: boolean
  readonly onFailure: (failure: RequestFailure) => void
}

/** Uploads at once: each is sealed to the disk before its digest, which 0.6 does not announce, is known. */
const MAX_UPLOADS = 2

/** `model_id`: 36 characters, and what little goes around it. */
const MAX_DELETE_BYTES = 1024

/**
 * The requests of BlindAI 0.6: an attestation port without TLS, a TLS port that runs models, and one that uploads and deletes
 * them. A failure is status 500 with a sentence in CBOR that holds nothing of the request: a code, and what to do.
 *
 * Source: the client of BlindAI 0.6.
 */
export class LegacyApi {
  readonly #services: LegacyServices
  readonly #bodies: BodyMemory
  readonly #server: string
  #uploads = 0

  constructor(services: LegacyServices) {
    const { limits, isSimulated } = services
    this.#services = services
    // One tenant's share, beside the memory that the bodies of all other requests may take.
    const share = limits.maxBodyMemoryBytesPerTenant
    this.#bodies = new BodyMemory({ maxBodyMemoryBytes: share, maxBodyMemoryBytesPerTenant: share })
    this.#server = isSimulated ? 'blindai-mock' : 'blindai'
  }

  /** The attestation port: the certificate of the other two, and the evidence for it. */
  readonly attest = (request: ApiRequest): Promise<ApiResponse> =>
    this.#answer(async () => {
      const { certificate, evidence } = this.#services
      if (request.method === 'GET' && request.path === '/') return cborBytes(certificate)
      if (request.method === 'GET' && request.path === '/quote' && evidence !== undefined) return evidence.quote
      if (request.method === 'GET' && request.path === '/collateral' && evidence !== undefined)
        return evidence.collateral()
      throw new LegacyError('LEGACY_NOT_FOUND', {})
    })

  /** The port that runs models. */
  readonly run = (request: ApiRequest): Promise<ApiResponse> =>
    this.#answer(async () => {
      if (isGreeting(request)) return CBOR_NULL
      if (request.method === 'POST' && request.path === '/run') return this.#run(request)
      throw new LegacyError('LEGACY_NOT_FOUND', {})
    })

  /** The port that uploads and deletes models. */
  readonly manage = (request: ApiRequest): Promise<ApiResponse> =>
    this.#answer(async () => {
      if (isGreeting(request)) return CBOR_NULL
      if (request.method === 'POST' && request.path === '/upload') return this.#upload(request)
      if (request.method === 'POST' && request.path === '/delete') return this.#delete(request)
      throw new LegacyError('LEGACY_NOT_FOUND', {})
    })

  async #run({ body, signal }: ApiRequest): Promise<Uint8Array> {
    const { tenant, inference, limits } = this.#services
    const lease = this.#bodies.lease(tenant)
    try {
      const bytes = await body.collect(limits.maxRequestBytes, (more) => lease.grow(more))
      const asked = await readRun(new CborReader(onePiece(bytes)), limits.maxRequestBytes)
      const record = this.#modelOf(asked)
      const inputs = named(asked.inputs, record.description.inputs)
      const caller = { name: tenant, role: 'owner' } as const
      const outputs = await inference.serve(caller, record, ({ perform }) =>
        perform({ inputs }, { costBytes: bytes.byteLength, signal }),
      )
      return cborMap({ outputs: cborArray(outputs.map(outputOf)) })
    } finally {
      lease.end()
    }
  }

  async #upload({ body }: ApiRequest): Promise<Uint8Array> {
    const { tenant, models, library, limits } = this.#services
    if (this.#uploads >= MAX_UPLOADS) throw new LegacyError('LEGACY_BUSY', { limit: MAX_UPLOADS })
    this.#uploads += 1
    const spool = models.spool(tenant)
    try {
      await readUpload(new CborReader(body), limits.maxModelBytes, (piece) => spool.append(piece))
      const { sha256, bytes } = await spool.finish()
      const id = models.find(tenant, sha256)?.name ?? randomUUID()
      await library.upload({
        owner: tenant,
        manifest: { sha256, kind: 'onnx', name: id },
        length: bytes,
        offset: undefined,
        bytes: spool.read(),
      })
      return cborMap({ hash: cborBytes(fromHex('sha256', sha256)), model_id: cborText(id) })
    } finally {
      this.#uploads -= 1
      await spool.discard()
    }
  }

  async #delete({ body }: ApiRequest): Promise<Uint8Array> {
    const { tenant, models, library } = this.#services
    const bytes = await body.collect(MAX_DELETE_BYTES, () => undefined)
    const id = await readDelete(new CborReader(onePiece(bytes)))
    await library.delete(models.resolve(tenant, id))
    return CBOR_NULL
  }

  /** The id of an upload is the name of a model of this tenant; a digest may be of a model that it was granted, too. */
  #modelOf({ model }: LegacyRun): ModelRecord {
    const { tenant, models } = this.#services
    return models.resolve(tenant, 'id' in model ? model.id : model.sha256)
  }

  async #answer(work: () => Promise<Uint8Array>): Promise<ApiResponse> {
    const requestId = randomUUID()
    const headers = { server: this.#server, 'content-type': 'application/cbor', [REQUEST_ID_HEADER]: requestId }
    try {
      return { status: 200, headers, body: [await work()] }
    } catch (cause) {
      const isOurs = cause instanceof LegacyError
      const error = publicError(cause)
      if (!isOurs) this.#services.onFailure({ requestId, error, cause })
      const { code, hint } = isOurs ? cause : error
      const status = code === 'LEGACY_NOT_FOUND' ? 404 : 500
      return { status, headers, body: [cborText(`${code}: ${hint}`)] }
    }
  }
}

/** Clients of 0.6 ask for anything at all to see whether the connection holds. */
function isGreeting({ method }: ApiRequest): boolean {
  return method === 'GET'
}

/** Inputs under the names of the model; one without a name is for the input at its place. */
function named(inputs: LegacyRun['inputs'], expected: readonly TensorMetadata[]): RawTensor[] {
  return inputs.map(({ name, datatype, shape, data }, index) => ({
    name: name ?? expected[index]?.name ?? '',
    datatype,
    shape,
    data,
  }))
}

function outputOf({ name, datatype, shape, data }: RawTensor): Uint8Array {
  const datumType = datumTypeName(datatype)
  if (datumType === undefined) throw new LegacyError('LEGACY_DATATYPE_UNSUPPORTED', { datatype })
  const info = cborMap({
    fact: cborArray(shape.map(cborUnsigned)),
    datum_type: cborText(datumType),
    node_name: cborText(name),
  })
  return cborMap({ info, bytes_data: cborBytes(data) })
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
