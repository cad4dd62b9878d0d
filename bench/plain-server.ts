import { fromRaw, type Tensor } from '@blindai/protocol'
import { fastify } from 'fastify'
import { type Graph, loadGraph, loadPipeline, type Pipeline } from './lib/bare-model.ts'
import type { Workload } from './lib/workloads.ts'

/**
 * The server that a team writes in an afternoon: fastify and onnxruntime-node in one process, JSON for tensors, no TLS, no
 * keys, no queue, no attestation. Started by `against-plain.ts`, which sends the workload; it answers with its port.
 */

const MAX_BODY_BYTES = 64 * 1024 * 1024

/** A tensor in JSON. */
export interface PlainTensor {
  readonly name: string
  readonly datatype: 'FP32' | 'INT64'
  readonly shape: readonly number[]
  readonly data: readonly number[]
}

process.on('message', (workload: Workload) => {
  void serve(workload).then((port) => process.send?.(port))
})

async function serve(workload: Workload): Promise<number> {
  const app = fastify({ bodyLimit: MAX_BODY_BYTES })
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body)
  })
  if ('task' in workload) {
    const pipeline = await loadPipeline(workload, 'default')
    app.post<{ Body: { readonly inputs: string } | Buffer<ArrayBuffer> }>('/run', async ({ body }) =>
      runTask(pipeline, body),
    )
  } else {
    const graph = await loadGraph(workload.file, 'default')
    app.post<{ Body: { readonly inputs: readonly PlainTensor[] } }>('/run', async ({ body }) => runGraph(graph, body))
  }
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.address()
  if (typeof address !== 'object' || address === null) throw new RangeError('it listens on a port')
  return address.port
}

async function runTask(
  pipeline: Pipeline,
  body: { readonly inputs: string } | Buffer<ArrayBuffer>,
): Promise<{ readonly outputs: unknown }> {
  return { outputs: await pipeline(body instanceof Uint8Array ? new Uint8Array(body) : body.inputs) }
}

async function runGraph(
  graph: Graph,
  { inputs }: { readonly inputs: readonly PlainTensor[] },
): Promise<{ readonly outputs: readonly object[] }> {
  const outputs = await graph(inputs.map(ofJson))
  return {
    outputs: Object.entries(outputs).map(([name, value]) => {
      if (!('dims' in value) || !(value.data instanceof Float32Array)) throw new RangeError('an output of numbers')
      return { name, shape: value.dims, datatype: 'FP32', data: [...value.data] }
    }),
  }
}

function ofJson({ name, datatype, shape, data }: PlainTensor): Tensor {
  const bytes = datatype === 'FP32' ? Float32Array.from(data) : BigInt64Array.from(data, BigInt)
  return fromRaw({ name, datatype, shape: [...shape], data: new Uint8Array(bytes.buffer) })
}
