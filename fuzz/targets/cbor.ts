import { parseCbor } from '../../packages/verifier/src/cbor/cbor-reader.ts'
import { CBOR } from '../engine/refusals.ts'
import { files, inJson } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

export const target: FuzzTarget = {
  sources: ['packages/verifier/src/cbor/cbor-reader.ts'],
  seeds: [inJson('vectors/crypto/cbor/appendix_a.json', '*.hex', 'hex'), files('vectors/attestation/nitro/*.cbor')],
  parse: (bytes) => parseCbor('fuzz', bytes, { outermostMapMayBeIndefinite: true }),
  refuses: CBOR,
}
