import type { ApiResponse } from './api.ts'
import { cut, discardBody, drained, type NodeRequest, type NodeResponse } from './exchange.ts'
import type { SlowWatch } from './slow-watch.ts'

/**
 * Sends an answer that is made while the request still comes. Time counts only while the client does not take what was
 * written: between two pieces the answer waits for the request, and whoever makes it watches that.
 */
export async function sendDuplex(
  request: NodeRequest,
  response: NodeResponse,
  answer: ApiResponse,
  gone: AbortSignal,
  { slow, onCut }: { readonly slow: SlowWatch; readonly onCut: (cause: unknown) => void },
): Promise<void> {
  const { status, headers, body, trailers, onSent } = answer
  const watched = async (bytes: number, sent: Promise<void>): Promise<void> => {
    const transfer = slow.begin('saved', () => cut(request))
    transfer.moved(bytes)
    await sent
    transfer.done()
  }
  const closed = new Promise<void>((resolve) => response.once('close', resolve))
  try {
    response.writeHead(status, headers)
    for await (const piece of body) {
      if (gone.aborted) return
      if (!response.write(piece)) await watched(piece.byteLength, drained(response, gone))
    }
    if (gone.aborted) return
    // What the client sends after the last answer nobody reads.
    discardBody(request, response)
    if (trailers !== undefined) response.addTrailers(trailers())
    response.end()
    await watched(0, closed)
  } catch (cause) {
    cut(request)
    onCut(cause)
  } finally {
    onSent?.()
  }
}
