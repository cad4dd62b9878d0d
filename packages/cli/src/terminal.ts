/**
 * What a person or a program reads: results on stdout, everything said along the way on stderr.
 *
 * With `--json`, stdout carries JSON and nothing else. Control characters from outside (a server's message, a name in
 * evidence) never reach the screen.
 */

/** A stream as this command needs it; `process.stdout` is one. */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

const SGR: Readonly<Record<Colour, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 }
/** The escape sequences that `paint` writes, and every control character but tab and line feed; bidi overrides too. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /\u001b\[(?:0|1|2|31|32|33|36)m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g
const DEFAULT_COLUMNS = 80

/** True where colour is wanted: a terminal, and neither NO_COLOR (no-color.org) nor TERM=dumb. */
function wantsColour(output: Output, env: Readonly<Record<string, string | undefined>>): boolean {
  return output.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb'
}

/** Text without control characters but line feed and tab; with `colour`, what `paint` wrote stays. */
export function printable(text: string, colour: boolean): string {
  return text.replace(CONTROLS, (found) => (colour && found.length > 1 ? found : ''))
}

export class Terminal {
  readonly json: boolean
  /** True when stderr is a terminal, so that a line can be redrawn. */
  readonly live: boolean
  readonly columns: number
  readonly #stdout: Output
  readonly #stderr: Output
  readonly #colourOut: boolean
  readonly #colourErr: boolean

  constructor(options: {
    readonly stdout: Output
    readonly stderr: Output
    readonly env: Readonly<Record<string, string | undefined>>
    readonly json: boolean
  }) {
    this.#stdout = options.stdout
    this.#stderr = options.stderr
    this.json = options.json
    this.live = options.stderr.isTTY === true && options.env.TERM !== 'dumb' && !options.json
    this.columns = Math.max(40, options.stderr.columns ?? DEFAULT_COLUMNS)
    this.#colourOut = wantsColour(options.stdout, options.env) && !options.json
    this.#colourErr = wantsColour(options.stderr, options.env) && !options.json
  }

  /** Wraps text in a colour; `line` and `note` drop it again where no colour is wanted. */
  paint(colour: Colour, text: string): string {
    return `\u001b[${SGR[colour]}m${text}\u001b[0m`
  }

  /** A line of the result, for people. Says nothing with `--json`. */
  line(text = ''): void {
    if (!this.json) this.#stdout.write(`${printable(text, this.#colourOut)}\n`)
  }

  /** A line said along the way. */
  note(text = ''): void {
    if (!this.json) this.#stderr.write(`${printable(text, this.#colourErr)}\n`)
  }

  /** Redraws the last line of a live terminal; an empty text clears it. */
  redraw(text: string): void {
    if (this.live) this.#stderr.write(`\r\u001b[K${printable(text, this.#colourErr)}`)
  }

  /** One JSON value on one line of stdout. Says nothing without `--json`. */
  data(value: unknown): void {
    if (this.json) this.#stdout.write(`${JSON.stringify(value)}\n`)
  }
}
