import { Failure } from '../failure.ts'

/** Nodes of a graph or function, and how often it calls which function. Filled while the model is looked through. */
export interface FunctionBody {
  nodes: number
  readonly calls: Map<string, number>
}

/** Names a function of a model. */
export function functionKey(domain: string, name: string, overload: string): string {
  return JSON.stringify([domain, name, overload])
}

/**
 * Checks what is left when every call is replaced by the function's body, as ONNX Runtime does: calls must not go in
 * circles, and thirty functions that call each other twice must not become a billion nodes.
 *
 * @throws {Failure} `MODEL_REFUSED` `recursive-function`, `too-many-nodes`.
 */
export function checkCalls(main: FunctionBody, functions: ReadonlyMap<string, FunctionBody>, maxNodes: number): void {
  const sizes: Map<string, number> = new Map()
  const open: Set<string> = new Set()

  function expanded(body: FunctionBody): number {
    let size = body.nodes
    for (const [key, times] of body.calls) {
      size += times * sizeOf(key)
      if (size > maxNodes) throw new Failure('MODEL_REFUSED', 'too-many-nodes', maxNodes)
    }
    return size
  }

  function sizeOf(key: string): number {
    const known = sizes.get(key)
    if (known !== undefined) return known
    if (open.has(key) || open.size >= MAX_CALL_DEPTH) throw new Failure('MODEL_REFUSED', 'recursive-function')
    open.add(key)
    const body = functions.get(key)
    const size = body === undefined ? 0 : expanded(body)
    open.delete(key)
    sizes.set(key, size)
    return size
  }

  expanded(main)
}

/** Calls within calls. */
const MAX_CALL_DEPTH = 256
