import { isMalformedError } from '@blindai/core'
import { explain } from '@blindai/verifier'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { reportFailure } from '../failure.ts'
import { readArgument } from '../files.ts'
import { printReport } from '../report.ts'
import { parseSavedResult } from '../saved-result.ts'

/** `blindai explain RESULT` */
export const explainResult: Command = {
  path: ['explain'],
  summary: 'Explain a saved attestation result to a person.',
  details: `RESULT is what verify --json printed. It is rendered and not verified again: it is worth as much as the place where it
was kept. Ends with 0 whatever the result says, and with 10 for a file that is no result.`,
  positionals: [{ name: 'RESULT', help: 'The file of a result (- is standard input).', required: true }],
  options: {},
  usesServer: false,
  examples: ['blindai verify --raw vectors/attestation/raw/sgx.json --json | blindai explain -'],
  async run(invocation) {
    const { terminal, interrupted, positionals } = invocation
    const bytes = await readArgument(positionals[0] ?? '', invocation)
    try {
      const result = parseSavedResult(bytes)
      terminal.note('a saved result, not verified again:')
      printReport(result, terminal)
      terminal.data({ explanation: explain(result) })
      return EXIT.ok
    } catch (error) {
      if (!isMalformedError(error)) throw error
      reportFailure(error, terminal, interrupted)
      return EXIT.malformed
    }
  },
}
