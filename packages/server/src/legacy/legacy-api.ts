import { randomUUID } from 'node:crypto'
import { fromHex } from '@blindai/core'
import type { RawTensor, TensorMetadata } from '@blindai/protocol'
import type { ApiRequest, ApiResponse } from '../http/api.ts'
import type { BodyLease } from '../http/body-memory.ts'
import type { InferenceService } from '../inference/index.ts'
import type { ModelLibrary, ModelRecord, ModelRepository } from '../models/index.ts'
import { CborReader } from './cbor-reader.ts'
import { CBOR_NULL, cborArray, cborBytes, cborMap, cborText, cborUnsigned } from './cbor-writer.ts'
import { datumTypeName } from './datum-type.ts'
import { LegacyError } from './legacy-error.ts'
import type { LegacyEvidence } from './legacy-evidence.ts'
import { LEGACY_ROUTES, type LegacyAnswer, type LegacyChecks, LegacyPorts, type LegacyRoute } from './legacy-ports.ts'
import { type LegacyRun, readDelete, readRun, readUpload } from './read-requests.ts'

/** What requests of BlindAI 0.6 clients are served with. */
export interface LegacyServices extends LegacyChecks {
  readonly models: ModelRepository
  readonly library: ModelLibrary
  readonly inference: InferenceService
  /** DER of the certificate of the TLS listeners. */
  readonly certificate: Uint8Array
  readonly evidence: LegacyEvidence | undefined
}

/** Uploads at once: each is sealed to the disk before its digest, which 0.6 does not announce, is known. */
const MAX_UPLOADS = 2

/** `model_id`: 36 characters, and what little goes around it. */
const MAX_DELETE_BYTES = 1024

/**
 * What clients of BlindAI 0.6 may ask for: an attestation port without TLS shows certificate and evidence, one with TLS runs
 * models, and one with TLS uploads and deletes them. What stands before each is `LegacyPorts`'.
 *
 * Source: the client of BlindAI 0.6.
 */
export class LegacyApi {
  readonly #services: LegacyServices
  readonly #ports: LegacyPorts
  readonly #attestation: readonly LegacyRoute[]
  readonly #running: readonly LegacyRoute[]
  readonly #management: readonly LegacyRoute[]
  #uploads = 0

  constructor(services: LegacyServices) {
    const { certificate, evidence, limits } = services
    this.#services = services
    this.#ports = new LegacyPorts(services)
    const shown = { maxBodyBytes: 0, isPublic: true } as const
    this.#attestation = [
      { ...shown, name: LEGACY_ROUTES.certificate, handle: () => ({ bytes: cborBytes(certificate) }) },
      ...(evidence === undefined
        ? []
        : [
            { ...shown, name: LEGACY_ROUTES.quote, handle: () => ({ bytes: evidence.quote }) },
            { ...shown, name: LEGACY_ROUTES.collateral, handle: async () => ({ bytes: await evidence.collateral() }) },
          ]),
    ]
    const [run, upload, remove] = [this.#run.bind(this), this.#upload.bind(this), this.#delete.bind(this)]
    this.#running = [{ name: LEGACY_ROUTES.run, maxBodyBytes: limits.maxRequestBytes, handle: run }]
    this.#management = [
      { name: LEGACY_ROUTES.upload, maxBodyBytes: 'stream', isUpload: true, handle: upload },
      { name: LEGACY_ROUTES.delete, maxBodyBytes: MAX_DELETE_BYTES, handle: remove },
    ]
  }

  /** The attestation port: the certificate of the other two, and the evidence for it. */
  readonly attest = (request: ApiRequest): Promise<ApiResponse> => this.#ports.serve(request, this.#attestation, false)

  /** The port that runs models. */
  readonly run = (request: ApiRequest): Promise<ApiResponse> => this.#ports.serve(request, this.#running, true)

  /** The port that uploads and deletes models. */
  readonly manage = (request: ApiRequest): Promise<ApiResponse> => this.#ports.serve(request, this.#management, true)

  async #run({ body, signal }: ApiRequest, lease: BodyLease): Promise<LegacyAnswer> {
    const { tenant, inference, limits } = this.#services
    const bytes = await body.collect(limits.maxRequestBytes, (more) => lease.growBody(more))
    // Tensors are copied out of it.
    lease.growBody(bytes.byteLength)
    const asked = await readRun(new CborReader(onePiece(bytes)), limits.maxRequestBytes)
    const record = this.#modelOf(asked)
    const inputs = named(asked.inputs, record.description.inputs)
    const caller = { name: tenant, role: 'owner' } as const
    const outputs = await inference.serve(caller, record, ({ perform }) =>
      perform({ inputs }, { costBytes: bytes.byteLength, signal }),
    )
    return { bytes: cborMap({ outputs: cborArray(outputs.map(outputOf)) }) }
  }

  async #upload({ body }: ApiRequest): Promise<LegacyAnswer> {
    const { tenant, models, library, limits } = this.#services
    if (this.#uploads >= MAX_UPLOADS) throw new LegacyError('LEGACY_BUSY', { limit: MAX_UPLOADS })
    this.#uploads += 1
    const spool = models.spool(tenant)
    try {
      await readUpload(new CborReader(body), limits.maxModelBytes, (piece) => spool.append(piece))
      const { sha256, bytes: length } = await spool.finish()
      const id = models.find(tenant, sha256)?.name ?? randomUUID()
      const { state } = await library.upload({
        owner: tenant,
        manifest: { sha256, kind: 'onnx', name: id },
        length,
        offset: undefined,
        bytes: spool.read(),
      })
      const bytes = cborMap({ hash: cborBytes(fromHex('sha256', sha256)), model_id: cborText(id) })
      return { bytes, isCreation: state === 'created' }
    } finally {
      this.#uploads -= 1
      await spool.discard()
    }
  }

  async #delete({ body }: ApiRequest): Promise<LegacyAnswer> {
    const { tenant, models, library } = this.#services
    const bytes = await body.collect(MAX_DELETE_BYTES, () => undefined)
    const id = await readDelete(new CborReader(onePiece(bytes)))
    await library.delete(models.resolve(tenant, id))
    return { bytes: CBOR_NULL }
  }

  /** The id of an upload is the name of a model of this tenant; a digest may be of a model that it was granted, too. */
  #modelOf({ model }: LegacyRun): ModelRecord {
    const { tenant, models } = this.#services
    return models.resolve(tenant, 'id' in model ? model.id : model.sha256)
  }
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
