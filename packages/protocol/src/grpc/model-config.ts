import { ProtobufWriter } from './protobuf-writer.ts'

/** The datatypes of a configuration, each at its number. Source: Triton `model_config.proto`, enum `DataType`. */
const DATA_TYPES: readonly string[] = [
  'TYPE_INVALID',
  'TYPE_BOOL',
  'TYPE_UINT8',
  'TYPE_UINT16',
  'TYPE_UINT32',
  'TYPE_UINT64',
  'TYPE_INT8',
  'TYPE_INT16',
  'TYPE_INT32',
  'TYPE_INT64',
  'TYPE_FP16',
  'TYPE_FP32',
  'TYPE_FP64',
  'TYPE_STRING',
  'TYPE_BF16',
]

/** Source: Triton `model_config.proto`, enum `ModelInstanceGroup.Kind`. */
const KIND_CPU = 2

/** An input or output in a configuration. */
export interface GrpcConfigTensor {
  readonly name: string
  /** As `TYPE_FP32`. */
  readonly data_type: string
  readonly dims: readonly number[]
}

/** The members of a configuration that say something of a model here; the names are those of the message. */
export interface GrpcModelConfig {
  readonly name: string
  readonly platform: string
  readonly backend: string
  readonly max_batch_size: number
  readonly input: readonly GrpcConfigTensor[]
  readonly output: readonly GrpcConfigTensor[]
  /** All on the processor. */
  readonly instance_group: readonly { readonly name: string; readonly count: number }[]
  readonly default_model_filename: string
  readonly parameters: Readonly<Record<string, { readonly string_value: string }>>
}

/** `ModelConfigResponse`, all versions served. Source: Triton's model configuration extension. */
export function encodeGrpcModelConfig(config: GrpcModelConfig): Uint8Array {
  const all = new ProtobufWriter().message(2, new ProtobufWriter())
  const writer = new ProtobufWriter().text(1, config.name).text(2, config.platform).message(3, all)
  writer.integer(4, config.max_batch_size)
  for (const tensor of config.input) writer.message(5, tensorHead(tensor).integers(4, tensor.dims))
  for (const tensor of config.output) writer.message(6, tensorHead(tensor).integers(3, tensor.dims))
  for (const { name, count } of config.instance_group) {
    writer.message(7, new ProtobufWriter().text(1, name).integer(2, count).integer(4, KIND_CPU))
  }
  writer.text(8, config.default_model_filename)
  for (const [name, { string_value }] of Object.entries(config.parameters)) {
    writer.message(14, new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().text(1, string_value)))
  }
  writer.text(17, config.backend)
  return new ProtobufWriter().message(1, writer).bytes
}

function tensorHead({ name, data_type }: GrpcConfigTensor): ProtobufWriter {
  return new ProtobufWriter().text(1, name).integer(2, Math.max(0, DATA_TYPES.indexOf(data_type)))
}
