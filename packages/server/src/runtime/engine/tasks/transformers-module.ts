/**
 * The part of transformers that is used. Its own declarations do not pass this repository's compiler settings, so the
 * shapes are written down here, and what comes of a call is `unknown`.
 */
export interface Transformers {
  readonly env: TransformersEnvironment
  readonly LogLevel: { readonly NONE: number }
  readonly RawImage: new (data: Uint8ClampedArray, width: number, height: number, channels: 3) => object
  readonly pipeline: (task: string, model: string, options: object) => Promise<unknown>
}

/** Settings of the whole process. */
export interface TransformersEnvironment {
  logLevel: number
  allowRemoteModels: boolean
  allowLocalModels: boolean
  useFS: boolean
  useFSCache: boolean
  useBrowserCache: boolean
  useCustomCache: boolean
  localModelPath: string
  fetch: () => Promise<never>
  customCache: {
    readonly match: (request: string) => Promise<Response | undefined>
    readonly put: () => Promise<void>
  }
}

/** The package's name, and nothing that the compiler would follow to its declarations. */
const TRANSFORMERS: string = '@huggingface/transformers'

/** Imports transformers: a tenth of a second, so only where a task needs it. */
export async function importTransformers(): Promise<Transformers> {
  const imported: unknown = await import(TRANSFORMERS)
  if (!isTransformers(imported)) throw new TypeError('transformers is not the module that it was')
  return imported
}

function isTransformers(value: unknown): value is Transformers {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['env', 'LogLevel', 'RawImage', 'pipeline'].every((name) => name in value)
  )
}
