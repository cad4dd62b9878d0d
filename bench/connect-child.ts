import { connect } from '@blindai/client'
import { parsePolicy } from '@blindai/verifier'
import type { Transport } from './lib/server.ts'
import { tinyInputs } from './lib/workloads.ts'

/**
 * A program that has just started and connects for the first time: the code is loaded and nothing of it is warm. Prints
 * the milliseconds from `connect()` to the session and to the first answer. Started by `start.ts`.
 */
const question: { url: string; transport: Transport; apiKey: string; policy: string; model: string } = JSON.parse(
  process.argv[2] ?? '',
)
const policy = parsePolicy(question.policy)
const start = performance.now()
const session = await connect({ ...question, policy })
const connectedMs = performance.now() - start
await session.infer(question.model, tinyInputs())
const answeredMs = performance.now() - start
await session.close()
console.log(JSON.stringify({ connectedMs, answeredMs }))
