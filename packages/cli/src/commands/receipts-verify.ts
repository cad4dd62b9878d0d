import {
  type BundleVerdict,
  createEvidenceBundle,
  type HeldReceipt,
  isBlindAiError,
  verifyEvidenceBundle,
} from '@blindai/client'
import { fromUtf8 } from '@blindai/core'
import { exitCode } from '@blindai/verifier'
import { CliError } from '../cli-error.ts'
import type { Command, Invocation } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { reportFailure } from '../failure.ts'
import { readArgument } from '../files.ts'
import { readBodies, readSalt } from '../receipt-bodies.ts'
import { printReport } from '../report.ts'
import { policyJsonOf, policyOf } from '../session.ts'
import { parseTime } from '../time.ts'

/** `blindai receipts verify RECEIPT` */
export const receiptsVerify: Command = {
  path: ['receipts', 'verify'],
  summary: 'Check offline, and later, what an enclave says that it did.',
  details: `RECEIPT is an evidence bundle that run --evidence wrote, or the text of a receipt; then --document names the attestation
document of the enclave that signed it. The document is verified again, at the time that the receipt names or at --now, and the
receipt by the keys that come out of that. With --policy your own policy judges, and not the one that the bundle brings. With
--request and --response the bodies are compared, as they were on the wire; that takes the salt, which a bundle holds and
--salt-file brings for a receipt without one. Of a gRPC stream (--stream) each file holds all messages, uncompressed, each behind
its prefix of five bytes.`,
  positionals: [{ name: 'RECEIPT', help: 'The file (- is standard input).', required: true }],
  options: {
    document: { type: 'text', value: 'FILE', help: 'The attestation document, for a receipt without a bundle.' },
    policy: { type: 'text', value: 'FILE', help: 'Your policy, in place of the one of the bundle.' },
    now: { type: 'text', value: 'TIME', help: 'Judge the evidence at this time: Unix seconds, or RFC 3339.' },
    request: { type: 'text', value: 'FILE', help: 'The body of the request, to the byte.' },
    response: { type: 'text', value: 'FILE', help: 'The body of the answer, to the byte.' },
    'salt-file': { type: 'text', value: 'FILE', help: 'The salt that came with a receipt without a bundle.' },
    stream: { type: 'flag', help: 'The bodies are those of a gRPC stream.' },
  },
  usesServer: false,
  examples: [
    'blindai receipts verify evidence.json --policy policy.json',
    'blindai receipts verify receipt.txt --document document.json --policy policy.json',
  ],
  async run(invocation) {
    const { terminal, interrupted, positionals } = invocation
    try {
      const file = await readArgument(positionals[0] ?? '', invocation)
      return show(await check(file, invocation), invocation)
    } catch (error) {
      if (isBlindAiError(error) && error.code === 'BUNDLE_INVALID') {
        reportFailure(error, terminal, interrupted)
        return EXIT.malformed
      }
      throw error
    }
  },
}

async function check(file: Uint8Array, invocation: Invocation): Promise<BundleVerdict> {
  const named = invocation.text('document')
  const isOwnPolicy = invocation.text('policy') !== undefined || named !== undefined
  const now = nowOf(invocation)
  const bodies = await readBodies(invocation)
  const held = { ...bodies, ...(await readSalt(invocation, bodies)) }
  const bundle =
    named === undefined ? file : await bundleOf(file, await readArgument(named, invocation), held, invocation)
  return verifyEvidenceBundle(bundle, {
    ...(isOwnPolicy && { policy: await policyOf(invocation) }),
    ...(now !== undefined && { now }),
    ...bodies,
  })
}

/** A bare receipt with its document, as a bundle of the caller's own. */
async function bundleOf(
  file: Uint8Array,
  document: Uint8Array,
  held: Pick<HeldReceipt, 'request' | 'response' | 'salt'>,
  invocation: Invocation,
): Promise<Uint8Array> {
  const token = fromUtf8('the receipt', file).trim()
  return createEvidenceBundle({ document, policy: await policyJsonOf(invocation), receipt: { token, ...held } })
}

function show(verdict: BundleVerdict, { terminal }: Invocation): ExitCode {
  const { result, receipt, judgedBy, judgedAt, limits } = verdict
  printReport(result, terminal)
  terminal.line('')
  if (receipt === undefined) {
    terminal.line(
      `${terminal.paint('red', 'NOT SHOWN')}: the evidence is not affirming, so no key stands behind the receipt`,
    )
  } else {
    const { operation, model, task, sequence, hostTime, request, response } = receipt
    terminal.line(`${terminal.paint('green', 'SHOWN')}: this enclave did the following, by its signed receipt`)
    terminal.line(`  operation  ${operation}${task === undefined ? '' : ` of the task ${task}`}`)
    terminal.line(`  model      ${model.sha256} (${model.kind})`)
    terminal.line(`  number     ${sequence} of its boot`)
    terminal.line(`  host time  ${new Date(hostTime * 1000).toISOString()}`)
    if (request !== undefined) terminal.line(`  request    ${bodyText(request)}`)
    if (response !== undefined) terminal.line(`  answer     ${bodyText(response)}`)
  }
  terminal.line(
    `judged as of ${new Date(judgedAt * 1000).toISOString()}, by ${judgedBy === 'own policy' ? 'your' : 'the bundle’s'} policy`,
  )
  terminal.line('what this does not prove:')
  for (const limit of limits) terminal.line(`  - ${limit}`)
  terminal.data({ result, judgedAt, judgedBy, limits, ...(receipt && { receipt }) })
  const code = exitCode(result)
  return code === 0 ? EXIT.ok : code
}

function bodyText({ bytes, messages }: { readonly bytes: number; readonly messages?: number }): string {
  return `${bytes} bytes${messages === undefined ? '' : ` in ${messages} ${messages === 1 ? 'message' : 'messages'}`}`
}

/** @throws {CliError} `USAGE` */
function nowOf(invocation: Invocation): number | undefined {
  const text = invocation.text('now')
  try {
    return text === undefined ? undefined : parseTime('--now', text)
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== 'MalformedError') throw cause
    throw new CliError('USAGE', { problem: cause.message, command: 'receipts verify' }, { cause })
  }
}
