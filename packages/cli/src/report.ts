import { type AttestationResult, type EvidenceResult, explain } from '@blindai/verifier'
import type { Terminal } from './terminal.ts'

/**
 * Prints a chain of trust: what was checked, passed, failed, skipped, and what it means.
 *
 * The words and the order are the verifier's; this adds colour only.
 */
export function printReport(
  result: AttestationResult | EvidenceResult,
  terminal: Terminal,
  where: 'line' | 'note' = 'line',
): void {
  for (const text of explain(result).trimEnd().split('\n')) terminal[where](coloured(text, terminal))
}

const MARKS = [
  { pattern: /^(\s*)(passed|AFFIRMING)\b/, colour: 'green' },
  { pattern: /^(\s*)(FAILED|NOT PROVED|CONTRAINDICATED)\b/, colour: 'red' },
  { pattern: /^(\s*)(skipped|WARNING)\b/, colour: 'yellow' },
  { pattern: /^(trust class: )(simulated.*)$/, colour: 'yellow' },
] as const

function coloured(text: string, terminal: Terminal): string {
  for (const { pattern, colour } of MARKS) {
    const [, before, mark] = pattern.exec(text) ?? []
    if (before === undefined || mark === undefined) continue
    return `${before}${terminal.paint(colour, mark)}${text.slice(before.length + mark.length)}`
  }
  return text
}
