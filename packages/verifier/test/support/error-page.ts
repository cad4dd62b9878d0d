/// <reference types="vite/client" />

import page from '../../../../docs/errors.md?raw'

interface Row {
  readonly answer?: string
  readonly message: (details: never) => string
  readonly hint: string
}

/** Members of a fact that a message may call; they say nothing of its name. */
const METHODS: ReadonlySet<string> = new Set(['join', 'map', 'slice', 'toFixed', 'toString'])

/** The lines of `docs/errors.md` below a heading, by code. */
export function documented(heading: string): ReadonlyMap<string, string> {
  const [, section = ''] = page.split(`\n## ${heading}\n`)
  const [own = ''] = section.split('\n## ')
  const lines = own.split('\n').filter((line) => line.startsWith('| `'))
  return new Map(lines.map((line) => [line.slice(3, line.indexOf('`', 3)), line]))
}

/** How the page writes a row: each fact as its name. */
export function line(code: string, { answer, message, hint }: Row): string {
  const says = String(Reflect.apply(message, undefined, [fact('details')]))
    .replaceAll('1970-01-01T00:00:00Z', '‹time›')
    .replaceAll('undefined', '‹reason›')
  const cells = [`\`${code}\``, ...(answer === undefined ? [] : [answer]), says, hint]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

/** Stands for any fact: every member of it prints its own name. */
function fact(name: string): object {
  return new Proxy(() => undefined, {
    get: (_, member) => {
      if (member === Symbol.toPrimitive) return (hint: string) => (hint === 'number' ? 0 : `‹${name}›`)
      if (member === 'toString') return () => `‹${name}›`
      return fact(typeof member === 'string' && !METHODS.has(member) ? member : name)
    },
    apply: () => fact(name),
  })
}
