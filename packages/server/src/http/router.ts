import type { ApiResponse, Call } from './api.ts'
import { ApiError } from './api-error.ts'

/**
 * Who may call a route. `public`: anybody, on any channel; `tenant`: any API key; `owner`: a key that may own models;
 * `admin`: an administrator's key.
 */
export type Access = 'public' | 'tenant' | 'owner' | 'admin'

/** One resource and method. */
export interface Route {
  readonly method: string
  /** Segments; `{name}` takes one of any value. */
  readonly path: string
  readonly access: Access
  /** The most bytes of a body; `stream` where the handler reads and bounds it. */
  readonly maxBodyBytes: number | 'stream'
  /** True where the plain listener serves it too. */
  readonly plain?: boolean
  /** True for what is done at most once: over Oblivious HTTP it needs an operation id. */
  readonly once?: boolean
  /** True for what brings a model, and is the first to be refused when memory is low. */
  readonly isUpload?: boolean
  readonly handle: (call: Call) => Promise<ApiResponse> | ApiResponse
}

/** The route of a request, and the parameters of its path. */
export interface Match {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

interface Node {
  readonly literals: Map<string, Node>
  parameter: { readonly name: string; readonly node: Node } | undefined
  readonly routes: Map<string, Route>
}

/** Longer paths name nothing here. */
const MAX_PATH_CHARACTERS = 2048

/** Finds the route of a path. */
export class Router {
  readonly routes: readonly Route[]
  readonly #root: Node = emptyNode()

  constructor(routes: readonly Route[]) {
    this.routes = routes
    for (const route of routes) this.#add(route)
  }

  /** @throws {ApiError} `NOT_FOUND`, `METHOD_NOT_ALLOWED`, `PATH_INVALID`. */
  match(method: string, path: string): Match {
    if (path.length > MAX_PATH_CHARACTERS) throw new ApiError('NOT_FOUND', {})
    const params: Record<string, string> = {}
    let node = this.#root
    for (const segment of path.split('/').slice(1)) {
      const literal = node.literals.get(segment)
      if (literal !== undefined) {
        node = literal
      } else if (node.parameter !== undefined && segment !== '') {
        params[node.parameter.name] = decode(segment)
        node = node.parameter.node
      } else {
        throw new ApiError('NOT_FOUND', {})
      }
    }
    if (node.routes.size === 0) throw new ApiError('NOT_FOUND', {})
    const route = node.routes.get(method)
    if (route === undefined) throw new ApiError('METHOD_NOT_ALLOWED', { allow: [...node.routes.keys()].join(', ') })
    return { route, params }
  }

  #add(route: Route): void {
    let node = this.#root
    for (const segment of route.path.split('/').slice(1)) {
      const name = /^\{(\w+)\}$/.exec(segment)?.[1]
      let next = name === undefined ? node.literals.get(segment) : node.parameter?.node
      if (next === undefined) {
        next = emptyNode()
        if (name === undefined) node.literals.set(segment, next)
        else node.parameter = { name, node: next }
      }
      node = next
    }
    node.routes.set(route.method, route)
  }
}

function emptyNode(): Node {
  return { literals: new Map(), parameter: undefined, routes: new Map() }
}

function decode(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause
    throw new ApiError('PATH_INVALID', {}, { cause })
  }
}
