import { readWav } from '../../packages/server/src/runtime/engine/media/wav.ts'
import { files } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'
import { writtenWavs } from '../engine/wav.ts'

export const target: FuzzTarget = {
  sources: ['packages/server/src/runtime/engine/media/wav.ts'],
  seeds: [files('samples/audio/*.wav'), writtenWavs],
  parse: readWav,
  refuses: { Failure: ['INPUT_UNSUPPORTED', 'INPUT_INVALID'] },
}
