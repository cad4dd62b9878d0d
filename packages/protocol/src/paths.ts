/**
 * The resources of the Open Inference Protocol v2 over HTTP.
 */

/** Paths without a parameter. */
export const PATHS: {
  readonly live: '/v2/health/live'
  readonly ready: '/v2/health/ready'
  readonly server: '/v2'
} = { live: '/v2/health/live', ready: '/v2/health/ready', server: '/v2' }

/** What can be done with a model by its path. */
export type ModelAction = 'metadata' | 'ready' | 'infer'

/** A model resource. `model` is a name or digest; `version` is absent when the path does not give one. */
export interface ModelPath {
  readonly model: string
  readonly version?: string
  readonly action: ModelAction
}

/** The path of a model resource. */
export function buildModelPath({ model, version, action }: ModelPath): string {
  const versions = version === undefined ? '' : `/versions/${encodeURIComponent(version)}`
  return `/v2/models/${encodeURIComponent(model)}${versions}${action === 'metadata' ? '' : `/${action}`}`
}

/** The model resource at a path, without query; undefined when the path names none. */
export function parseModelPath(path: string): ModelPath | undefined {
  const match = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(?:\/(ready|infer))?$/.exec(path)
  const model = decode(match?.[1])
  if (match === null || model === undefined) return undefined
  const action = match[3] === 'ready' || match[3] === 'infer' ? match[3] : 'metadata'
  if (match[2] === undefined) return { model, action }
  const version = decode(match[2])
  return version === undefined ? undefined : { model, version, action }
}

/** The path of a task. */
export function buildTaskPath(task: string): string {
  return `/v1/tasks/${encodeURIComponent(task)}`
}

/** The task at a path, without query; undefined when the path names none. */
export function parseTaskPath(path: string): string | undefined {
  return decode(/^\/v1\/tasks\/([^/]+)$/.exec(path)?.[1])
}

function decode(segment: string | undefined): string | undefined {
  if (segment === undefined) return undefined
  try {
    return decodeURIComponent(segment)
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause
    return undefined
  }
}
