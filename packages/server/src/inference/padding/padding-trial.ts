import type { PaddingTrial } from '../../models/index.ts'
import type { Scheduler } from '../../scheduler/index.ts'
import { provePadding } from './prove-padding.ts'

/** The trial of padding on a model's own engine: its runs wait, are bounded and count like any of its owner's. */
export function paddingTrial(scheduler: Pick<Scheduler, 'perform'>): PaddingTrial {
  return (model, tenant, description, multipleOf) =>
    provePadding(description, multipleOf, (inputs) => {
      const costBytes = inputs.reduce((sum, { data }) => sum + data.byteLength, 0)
      return scheduler.perform({ tenant, model, costBytes }, (engine, options) =>
        engine.infer(inputs, undefined, options),
      )
    })
}
