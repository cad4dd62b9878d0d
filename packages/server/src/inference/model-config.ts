import type { Datatype, TensorMetadata } from '@blindai/protocol'
import type { ModelRecord } from '../models/index.ts'

/** The datatypes as a model configuration names them. Source: Triton `model_config.proto`, enum `DataType`. */
export const CONFIG_DATATYPES: { readonly [D in Datatype]: string } = {
  BOOL: 'TYPE_BOOL',
  UINT8: 'TYPE_UINT8',
  UINT16: 'TYPE_UINT16',
  UINT32: 'TYPE_UINT32',
  UINT64: 'TYPE_UINT64',
  INT8: 'TYPE_INT8',
  INT16: 'TYPE_INT16',
  INT32: 'TYPE_INT32',
  INT64: 'TYPE_INT64',
  FP16: 'TYPE_FP16',
  FP32: 'TYPE_FP32',
  FP64: 'TYPE_FP64',
  BYTES: 'TYPE_STRING',
}

/** Source: Triton `model_config.proto`, message `ModelConfig`; the members that say something here. */
export interface ModelConfig {
  readonly name: string
  readonly platform: string
  readonly backend: string
  /** All versions are served. */
  readonly version_policy: { readonly all: Record<never, never> }
  /** 0: the shapes say every dimension, that of a batch included. */
  readonly max_batch_size: 0
  readonly input: readonly ConfigTensor[]
  readonly output: readonly ConfigTensor[]
  readonly instance_group: readonly { readonly name: string; readonly kind: 'KIND_CPU'; readonly count: number }[]
  readonly default_model_filename: string
  readonly parameters: Readonly<Record<string, { readonly string_value: string }>>
}

export interface ConfigTensor {
  readonly name: string
  readonly data_type: string
  readonly dims: readonly number[]
}

/**
 * A model as Triton would describe it, from what its file says.
 *
 * @param instances - engines that may serve one tenant at the same time.
 */
export function modelConfig(name: string, record: ModelRecord, instances: number): ModelConfig {
  const isOnnx = record.kind === 'onnx'
  const { padToMultipleOf } = record
  return {
    name,
    platform: platformOf(record),
    backend: isOnnx ? 'onnxruntime' : '',
    version_policy: { all: {} },
    max_batch_size: 0,
    input: record.description.inputs.map(configTensor),
    output: record.description.outputs.map(configTensor),
    instance_group: [{ name, kind: 'KIND_CPU', count: instances }],
    default_model_filename: isOnnx ? 'model.onnx' : '',
    parameters: {
      sha256: { string_value: record.sha256 },
      ...(padToMultipleOf === undefined ? {} : { pad_to_multiple_of: { string_value: String(padToMultipleOf) } }),
    },
  }
}

/** Source: Open Inference Protocol v2, "Model Metadata", `platform`. */
export function platformOf({ kind }: Pick<ModelRecord, 'kind'>): string {
  return kind === 'onnx' ? 'onnxruntime_onnx' : 'huggingface_bundle'
}

function configTensor({ name, datatype, shape }: TensorMetadata): ConfigTensor {
  return { name, data_type: CONFIG_DATATYPES[datatype], dims: shape }
}
