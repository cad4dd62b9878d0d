/** Why a command is to end: the signal that the process got. */
export class Interruption extends Error {
  readonly signal: NodeJS.Signals

  constructor(signal: NodeJS.Signals) {
    super('interrupted')
    this.name = 'Interruption'
    this.signal = signal
  }
}
