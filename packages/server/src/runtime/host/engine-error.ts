import { type Catalogue, CodedError } from '@blindai/core'

/** What an engine was at when something happened. */
export type EnginePhase = 'load' | 'run'

/** The facts that go with each code of `EngineError`. `reason` is a fixed word, `subject` a name or limit. */
export interface EngineErrorDetails {
  MODEL_REFUSED: { readonly reason: string; readonly subject?: string }
  MODEL_INVALID: { readonly reason: string; readonly subject?: string }
  MODEL_NEEDS_MORE_MEMORY: { readonly memoryBudgetBytes: number }
  INPUT_INVALID: { readonly input: string; readonly reason: string }
  INPUT_UNSUPPORTED: { readonly input: string; readonly reason: string }
  OUTPUT_UNKNOWN: { readonly output: string }
  TASK_UNSUPPORTED: { readonly reason: string }
  RUN_FAILED: { readonly reason: string }
  OUTPUT_TOO_LARGE: { readonly limit: number }
  DEADLINE_EXCEEDED: { readonly phase: EnginePhase; readonly deadlineMs: number }
  ENGINE_CRASHED: { readonly phase: EnginePhase; readonly exitCode: number | null; readonly signal: string | null }
  ENGINE_OUT_OF_MEMORY: { readonly phase: EnginePhase; readonly memoryBudgetBytes: number }
  ENGINE_STOPPED: { readonly phase: EnginePhase }
  WALL_UNAVAILABLE: { readonly step: string }
}

/** Messages and hints of `EngineError`. */
export const ENGINE_CATALOGUE: Catalogue<EngineErrorDetails> = {
  MODEL_REFUSED: {
    message: (d) => `the model was refused before it was loaded: ${withSubject(d)}`,
    hint: 'Export the model with its weights inside and operators of ai.onnx, ai.onnx.ml or com.microsoft.',
  },
  MODEL_INVALID: {
    message: (d) => `the model cannot be loaded: ${withSubject(d)}`,
    hint: 'Check the file with onnx.checker, or load it with ONNX Runtime on your own machine.',
  },
  MODEL_NEEDS_MORE_MEMORY: {
    message: (d) => `the model needs more memory than the ${d.memoryBudgetBytes} bytes that it may have`,
    hint: 'Use a smaller model or input, or have the operator raise the memory of an engine.',
  },
  INPUT_INVALID: {
    message: (d) => `${d.input} is refused: ${d.reason}`,
    hint: "Compare the input with the model's metadata.",
  },
  INPUT_UNSUPPORTED: {
    message: (d) => `${d.input} is of a kind that is not read here: ${d.reason}`,
    hint: 'Send JPEG, PNG or WebP for pictures, WAV for sound, text for text.',
  },
  OUTPUT_UNKNOWN: {
    message: (d) => `the model has no output as named in ${d.output}, or it is named twice`,
    hint: "Name outputs as the model's metadata does, each once.",
  },
  TASK_UNSUPPORTED: {
    message: (d) => `the task cannot be run: ${d.reason}`,
    hint: 'Upload a bundle in the Hugging Face layout and name one of the tasks that the documentation lists.',
  },
  RUN_FAILED: {
    message: (d) => `the model could not compute this input: ${d.reason}`,
    hint: 'Check shapes and values of the inputs against what the model expects.',
  },
  OUTPUT_TOO_LARGE: {
    message: (d) => `the outputs of this run are larger than the ${d.limit} bytes that one answer may have`,
    hint: 'Send less at once, or ask for fewer outputs.',
  },
  DEADLINE_EXCEEDED: {
    message: (d) => `the ${d.phase} took longer than ${d.deadlineMs} ms and was killed`,
    hint: 'Send less at once, or use a model that ends.',
  },
  ENGINE_CRASHED: {
    message: (d) => `the engine died in a ${d.phase}: ${d.signal ?? `exit ${d.exitCode ?? 'unknown'}`}`,
    hint: 'Try again; a model that does it twice is set aside.',
  },
  ENGINE_OUT_OF_MEMORY: {
    message: (d) => `the engine died in a ${d.phase} because it needed more than ${d.memoryBudgetBytes} bytes`,
    hint: 'Use a smaller model or input, or have the operator raise the memory of an engine.',
  },
  ENGINE_STOPPED: {
    message: (d) => `the engine was stopped in a ${d.phase}`,
    hint: 'Try again.',
  },
  WALL_UNAVAILABLE: {
    message: (d) => `an engine could not be walled off: ${d.step}`,
    hint: 'Give the server the right to make namespaces, or choose a lower isolation in its configuration by name.',
  },
}

/** A model, an input or an engine that cannot do what was asked. */
export class EngineError<Code extends keyof EngineErrorDetails = keyof EngineErrorDetails> extends CodedError<
  EngineErrorDetails,
  Code
> {
  constructor(code: Code, details: EngineErrorDetails[Code], options?: ErrorOptions) {
    super('EngineError', ENGINE_CATALOGUE, code, details, options)
  }
}

/** `EngineError` as a union, so that a switch over `code` narrows `details`. */
export type AnyEngineError = {
  readonly [Code in keyof EngineErrorDetails]: EngineError<Code>
}[keyof EngineErrorDetails]

/** True for an `EngineError` of any copy of this package. */
export function isEngineError(error: unknown): error is AnyEngineError {
  return error instanceof Error && error.name === 'EngineError' && 'code' in error
}

function withSubject(details: { readonly reason: string; readonly subject?: string }): string {
  return details.subject === undefined ? details.reason : `${details.reason} (${details.subject})`
}
