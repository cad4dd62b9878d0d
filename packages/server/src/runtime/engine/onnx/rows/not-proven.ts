/** The reason of operators that draw random numbers or learn: they differ from run to run, whatever they are given. */
export const TRAINING = 'training'

/** Why a model is not proven to keep its rows apart. `reason` is a fixed word; the operator's type is all it tells of a model. */
export class NotProven extends Error {
  readonly reason: string
  readonly operator: string | undefined

  constructor(reason: string, operator?: string) {
    super(operator === undefined ? reason : `${reason}: ${operator}`)
    this.name = 'NotProven'
    this.reason = reason
    this.operator = operator
  }
}
