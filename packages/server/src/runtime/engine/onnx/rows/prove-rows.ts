import { MAX_ROWS, type RowsMessage } from '../../../wire/messages.ts'
import { Failure, isOutOfMemory } from '../../failure.ts'
import type { Session } from '../../session.ts'
import { compareRows } from './compare-rows.ts'
import { judgeRows } from './judge-rows.ts'
import { NotProven } from './not-proven.ts'

/**
 * Finds out whether requests to a model may be stacked: proven from its graph, and seen to be equal bit for bit. A model that
 * has run alone and finds no memory for rows together is one that is not proven, and serves.
 */
export async function proveRows(graph: Uint8Array, session: Session): Promise<RowsMessage> {
  const verdict = judgeRows(graph)
  if (!verdict.independent) return { reason: verdict.reason, operator: verdict.operator ?? null }
  try {
    await compareRows(session, () => performance.now())
    return { maxRows: MAX_ROWS }
  } catch (error) {
    if (error instanceof NotProven) return { reason: error.reason, operator: null }
    if ((error instanceof Failure && error.code === 'MODEL_NEEDS_MORE_MEMORY') || isOutOfMemory(error)) {
      return { reason: 'memory-exhausted', operator: null }
    }
    throw error
  }
}
