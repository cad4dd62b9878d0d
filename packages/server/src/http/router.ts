import { type ApiResponse, type Call, emptyResponse } from './api.ts'
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
  /** The most bytes that a handler of a `stream` keeps, where it is known beforehand. */
  readonly readsAtMostBytes?: number
  /** True where the plain listener serves it too. */
  readonly plain?: boolean
  /** True where an answer is compressed for a client that asks for it. */
  readonly compresses?: boolean
  /** True for what is done at most once: over Oblivious HTTP it needs an operation id. */
  readonly once?: boolean
  /** True for what brings a model, and is the first to be refused when memory is low. */
  readonly isUpload?: boolean
  /** True for what starts an engine whatever its body is, and is refused while memory has no room for one. */
  readonly startsWork?: boolean
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
    const segments = path.split('/').slice(1)
    const found = findNode(this.#root, segments, 0, [])
    if (found === undefined) throw new ApiError('NOT_FOUND', {})
    const { routes } = found.node
    if (method === 'OPTIONS' && !routes.has(method)) return { route: optionsRoute(routes), params: {} }
    // Who may read a thing may ask for its headers alone. Source: RFC 9110 section 9.3.2.
    const route = routes.get(method) ?? (method === 'HEAD' ? routes.get('GET') : undefined)
    if (route === undefined) throw new ApiError('METHOD_NOT_ALLOWED', { allow: allowOf(routes) })
    const params: Record<string, string> = {}
    for (const { name, segment } of found.params) params[name] = decode(segment)
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

interface FoundNode {
  readonly node: Node
  readonly params: readonly { readonly name: string; readonly segment: string }[]
}

/** The node of a path that has routes: at each step the literal first, so that a parameter may have any other value. */
function findNode(
  node: Node,
  segments: readonly string[],
  at: number,
  params: FoundNode['params'],
): FoundNode | undefined {
  const segment = segments[at]
  if (segment === undefined) return node.routes.size === 0 ? undefined : { node, params }
  const literal = node.literals.get(segment)
  const found = literal === undefined ? undefined : findNode(literal, segments, at + 1, params)
  if (found !== undefined || node.parameter === undefined || segment === '') return found
  const { name, node: next } = node.parameter
  return findNode(next, segments, at + 1, [...params, { name, segment }])
}

/** Which methods a path has is no secret: the published description of the interface says it. */
function optionsRoute(routes: ReadonlyMap<string, Route>): Route {
  const plain = [...routes.values()].some((route) => route.plain === true)
  const handle = (): ApiResponse => emptyResponse(204, { allow: allowOf(routes) })
  return { method: 'OPTIONS', path: '', access: 'public', maxBodyBytes: 0, plain, handle }
}

function allowOf(routes: ReadonlyMap<string, Route>): string {
  const methods = new Set(routes.keys())
  if (methods.has('GET')) methods.add('HEAD')
  return [...methods, 'OPTIONS'].join(', ')
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
