import {
  encodeTaskRequest,
  encodeTaskResponse,
  parseTaskRequest,
  parseTaskResponse,
  type TaskRequest,
  type TaskResponse,
} from '../../packages/protocol/src/task.ts'
import { encoded, framed, hasNegativeZero, jsonAlone, split } from '../engine/framing.ts'
import { JSON_TEXT, PROTOCOL } from '../engine/refusals.ts'
import { written } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

const TEXT = '{"model":"m","inputs":["a text","another"],"parameters":{"top_k":2}}'
const FILE = '{"model":"m","inputs":[{"binary_data_size":4,"content_type":"image/png"},{"base64":"AQID"}]}'
const RESPONSE = '{"model":"m","task":"text-classification","outputs":[[{"label":"ham","score":0.75}]]}'

/** The first byte says which message, the next two how long its JSON is; zero for a body that is JSON alone. */
function parse(bytes: Uint8Array): TaskRequest | TaskResponse {
  const { kind, headerLength, body } = split(bytes)
  return kind === 0 ? parseTaskRequest(body, headerLength) : parseTaskResponse(body)
}

/** JSON has one zero, so a value with another cannot be written. */
function write(message: TaskRequest | TaskResponse): Uint8Array | undefined {
  if (hasNegativeZero(message)) return undefined
  return 'outputs' in message ? jsonAlone(1, encodeTaskResponse(message)) : encoded(0, encodeTaskRequest(message))
}

export const target: FuzzTarget<TaskRequest | TaskResponse> = {
  sources: ['packages/protocol/src/task.ts', 'packages/protocol/src/json-members.ts'],
  seeds: [written(framed(0, TEXT), framed(0, FILE, Uint8Array.of(1, 2, 3, 4)), framed(1, RESPONSE))],
  isText: true,
  parse,
  write,
  refuses: joinRefusals(PROTOCOL, JSON_TEXT, { MalformedError: ['UNKNOWN_MEMBER', 'WRONG_VALUE', 'NOT_BASE64URL'] }),
}
