import { type ErrorBody, encodeErrorBody, parseErrorBody } from '../../packages/protocol/src/error-body.ts'
import { written } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

/** It refuses nothing: what is no error is `undefined`. */
export const target: FuzzTarget<ErrorBody | undefined> = {
  sources: ['packages/protocol/src/error-body.ts'],
  seeds: [
    written(encodeErrorBody({ error: 'it failed', code: 'MODEL_INVALID', hint: 'Send another.' }), '{"error":""}'),
  ],
  isText: true,
  parse: parseErrorBody,
  write: (body) => body && encodeErrorBody(body),
  refuses: {},
}
