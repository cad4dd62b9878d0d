import type { ModelSummary } from '@blindai/client'
import { formatBytes } from './progress.ts'
import type { Terminal } from './terminal.ts'

/** Prints one model: its digest, size, task, inputs and outputs. */
export function printModel(model: ModelSummary, terminal: Terminal): void {
  const row = (name: string, value: string | undefined): void => {
    if (value !== undefined) terminal.line(`${name.padEnd(8)} ${value}`)
  }
  row('name', model.name)
  row('sha256', model.sha256)
  row('kind', model.kind)
  row('task', model.task)
  row('size', formatBytes(model.bytes))
  row('runs for', model.grants?.map((tenant) => (tenant === '*' ? 'every tenant' : tenant)).join(', ') || undefined)
  for (const [title, tensors] of [['inputs', model.inputs] as const, ['outputs', model.outputs] as const]) {
    for (const [i, { name, datatype, shape }] of (tensors ?? []).entries()) {
      const dimensions = shape.map((size) => (size < 0 ? '?' : size)).join(',')
      row(i === 0 ? title : '', `${name} ${datatype}[${dimensions}]`)
    }
  }
}

/** Prints models below one another, names first. */
export function printModelTable(models: readonly ModelSummary[], terminal: Terminal): void {
  if (models.length === 0) {
    terminal.line('no models: upload one with `blindai models upload PATH --name NAME`')
    return
  }
  const rows = [
    ['NAME', 'TASK', 'SIZE', 'SHA-256'],
    ...models.map((model) => [
      model.name ?? '',
      model.task ?? 'tensors',
      formatBytes(model.bytes),
      model.sha256.slice(0, 16),
    ]),
  ]
  const widthOf = (column: number): number => Math.max(...rows.map((row) => row[column]?.length ?? 0))
  for (const row of rows) {
    terminal.line(
      row
        .map((cell, column) => cell.padEnd(widthOf(column)))
        .join('  ')
        .trimEnd(),
    )
  }
}
