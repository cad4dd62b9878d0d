export {
  BINARY_CONTENT_TYPE,
  EncodedBody,
  HEADER_LENGTH_HEADER,
  JSON_CONTENT_TYPE,
  parseHeaderLength,
} from './body.ts'
export { DATATYPES, type Datatype, elementBytes, isDatatype } from './datatype.ts'
export {
  ERROR_CODE_HEADER,
  type ErrorBody,
  encodeErrorBody,
  parseErrorBody,
  REQUEST_ID_HEADER,
} from './error-body.ts'
export { type GrpcFileDescriptor, parseGrpcDescriptorSet } from './grpc/file-descriptor.ts'
export { encodeGrpcHealth, parseGrpcHealthRequest } from './grpc/health-messages.ts'
export { encodeGrpcInferRequest, type GrpcInferRequest, parseGrpcInferRequest } from './grpc/infer-request.ts'
export {
  encodeGrpcInferResponse,
  encodeGrpcStreamResponse,
  type GrpcStreamResponse,
  parseGrpcInferResponse,
} from './grpc/infer-response.ts'
export { encodeGrpcModelConfig, type GrpcConfigTensor, type GrpcModelConfig } from './grpc/model-config.ts'
export {
  encodeGrpcModelStatistics,
  type GrpcBatchStatistics,
  type GrpcDuration,
  type GrpcModelStatistics,
} from './grpc/model-statistics.ts'
export {
  encodeGrpcReflectionResponse,
  type GrpcReflectionAnswer,
  type GrpcReflectionQuestion,
  type GrpcReflectionRequest,
  parseGrpcReflectionRequest,
} from './grpc/reflection-messages.ts'
export {
  encodeGrpcRepositoryIndex,
  type GrpcRepositoryEntry,
  type GrpcRepositoryIndexRequest,
  type GrpcRepositoryModelRequest,
  parseGrpcRepositoryIndexRequest,
  parseGrpcRepositoryModelRequest,
} from './grpc/repository-messages.ts'
export {
  encodeGrpcModelMetadata,
  encodeGrpcReady,
  encodeGrpcServerMetadata,
  type GrpcModelReference,
  parseGrpcEmpty,
  parseGrpcModelReference,
} from './grpc/service-messages.ts'
export { packHalf, unpackHalf } from './half.ts'
export {
  encodeInferRequest,
  type InferRequest,
  parseInferRequest,
  type RequestedOutput,
  type WantedOutputs,
} from './infer-request.ts'
export { encodeInferResponse, type InferResponse, parseInferResponse } from './infer-response.ts'
export { type JsonObstacle, jsonObstacle } from './json-text.ts'
export { DEFAULT_LIMITS, MAX_NAME_LENGTH, MAX_RANK, type ProtocolLimits } from './limits.ts'
export {
  BINARY_TENSOR_DATA_EXTENSION,
  type ModelMetadata,
  parseModelMetadata,
  parseServerMetadata,
  type ServerMetadata,
  type TensorMetadata,
} from './metadata.ts'
export type { InferParameters } from './parameters.ts'
export {
  buildModelPath,
  buildTaskPath,
  type ModelAction,
  type ModelPath,
  PATHS,
  parseModelPath,
  parseTaskPath,
} from './paths.ts'
export {
  type AnyProtocolError,
  isProtocolError,
  PROTOCOL_CATALOGUE,
  ProtocolError,
  type ProtocolErrorDetails,
} from './protocol-error.ts'
export { bytesElements, checkRawTensor, joinBytesElements, type RawTensor } from './raw-tensor.ts'
export { elementCount } from './shape.ts'
export {
  DEFAULT_CONTENT_TYPE,
  encodeTaskRequest,
  encodeTaskResponse,
  parseTaskRequest,
  parseTaskResponse,
  type TaskInput,
  type TaskRequest,
  type TaskResponse,
} from './task.ts'
export { fromRaw, type Tensor, type TensorData, toRaw } from './tensor.ts'
