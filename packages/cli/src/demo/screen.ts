import { SIMULATED_WARNING } from '../simulator.ts'
import type { Terminal } from '../terminal.ts'
import type { Listening } from './server-process.ts'

/** One answer beside the right one. */
export interface Answered {
  readonly model: string
  readonly input: string
  readonly answer: string
  readonly right: string
  readonly correct: boolean
  readonly score?: number
  readonly latencyMs: number
  readonly transport: 'tls' | 'ohttp'
}

const TRANSPORT_NAMES = { tls: 'attested TLS', ohttp: 'OHTTP' } as const

/** What the demo shows a person; with `--json` only events are written. */
export class DemoScreen {
  readonly #terminal: Terminal

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  title(): void {
    const { paint } = this.#terminal
    this.#terminal.line(paint('bold', 'BlindAI: launch, attest, predict'))
    this.#terminal.line(
      paint('yellow', `The enclave is ${SIMULATED_WARNING}: whoever runs this machine can see everything.`),
    )
  }

  /** The head of a step. Each says that nothing is protected, so that no screenshot can claim otherwise. */
  step(title: string, what: string): void {
    const { paint } = this.#terminal
    this.#terminal.line()
    this.#terminal.line(`${paint('bold', title)}  ${paint('yellow', `[${SIMULATED_WARNING}]`)}`)
    if (what !== '') this.#terminal.line(paint('dim', what))
  }

  say(text: string): void {
    this.#terminal.line(`  ${text}`)
  }

  launched(server: Listening): void {
    this.say(`ready in ${server.readyMs} ms at ${server.url}, process ${server.pid}`)
    this.#isolation(server)
    const { url, plainUrl, isolation, missing, readyMs, pid } = server
    this.#terminal.data({
      event: 'listening',
      simulated: true,
      protects: 'nothing',
      url,
      plainUrl,
      isolation,
      missing,
      readyMs,
      pid,
    })
  }

  /** That the built-in policy refused, with its code and its reason. */
  refused(refusal: { readonly code: string; readonly check: string; readonly message: string }): void {
    const { paint } = this.#terminal
    this.say(`${paint('red', 'refused')}  ${paint('bold', refusal.code)}`)
    this.say(refusal.message)
    this.say('Nothing was sent: without an affirming result there is no key to send to.')
    this.#terminal.data({ event: 'refused', policy: 'built-in', ...refusal })
  }

  /** A line that nobody misses, where the wall around engines is not the full one. */
  #isolation({ isolation: level, missing }: Listening): void {
    if (level === 'full') {
      this.say('engines run behind the full wall: own user, no network, no files of others')
      return
    }
    const bar = '!'.repeat(78)
    const { paint } = this.#terminal
    const what = level === 'none' ? 'WITHOUT ANY WALL' : 'BEHIND A WEAKER WALL'
    this.#terminal.line(paint('red', bar))
    this.#terminal.line(
      paint('red', `! ENGINES RUN ${what}: this machine cannot build the full one (isolation: ${level}).`),
    )
    this.#terminal.line(paint('red', `! Missing: ${missing.join(', ')}.`))
    this.#terminal.line(paint('red', '! The demo alone goes on; `blindai serve` does not start like this.'))
    this.#terminal.line(paint('red', bar))
  }

  answers(answered: readonly Answered[]): void {
    const { paint } = this.#terminal
    const width = (of: (row: Answered) => string): number => Math.max(...answered.map((row) => of(row).length))
    const inputs = width((row) => row.input)
    const answers = width((row) => row.answer)
    const rights = Math.max(
      'right answer'.length,
      width((row) => row.right),
    )
    const head = `    ${'input'.padEnd(inputs)}  ${'answer'.padEnd(answers)}  ${'right answer'.padEnd(rights)}  score       ms  over`
    this.#terminal.line(paint('dim', head))
    for (const row of answered) {
      const mark = row.correct ? paint('green', '✓') : paint('red', '✗')
      const score = row.score === undefined ? '     ' : `${(row.score * 100).toFixed(0).padStart(3)} %`
      this.#terminal.line(
        `  ${mark} ${row.input.padEnd(inputs)}  ${row.answer.padEnd(answers)}  ${row.right.padEnd(rights)}  ${score}  ${row.latencyMs.toFixed(1).padStart(7)}  ${TRANSPORT_NAMES[row.transport]}`,
      )
    }
  }

  /** Commands that work as they stand while the server is up. */
  whatNext(server: Listening, policyFile: string): void {
    this.step('What to try next', 'In a second terminal, in this folder, while this one stays open:')
    const env = `export BLINDAI_URL=${server.url} BLINDAI_POLICY=${policyFile} BLINDAI_KEY_FILE=${server.keyFile}`
    const commands = [
      env,
      'npm run -s blindai -- verify $BLINDAI_URL',
      'npm run -s blindai -- models list',
      'npm run -s blindai -- run mobilenet samples/images/chickadee.jpg',
      'npm run -s blindai -- run words samples/audio/words_08.wav --json',
      "npm run -s blindai -- run spam 'Lunch at one? I will bring the papers.'",
      'npm run -s blindai -- models upload samples/models/fashion-resnet --name fashion',
      'npm run -s blindai -- run fashion samples/images/fashion_sneaker.png',
      `npm run -s blindai -- run mobilenet samples/images/cat.jpg --url ${server.plainUrl} --transport ohttp`,
    ]
    for (const command of commands) this.#terminal.line(`  ${command}`)
    this.#terminal.line()
    this.#terminal.line('The same evidence under the built-in policy, which wants hardware (refused, exit code 20):')
    this.#terminal.line('  env -u BLINDAI_POLICY npm run -s blindai -- verify $BLINDAI_URL')
    this.#terminal.line()
    this.#terminal.line(`Ctrl-C ends the server. ${this.#terminal.paint('yellow', `[${SIMULATED_WARNING}]`)}`)
  }
}
