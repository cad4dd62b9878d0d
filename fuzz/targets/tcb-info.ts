import { fromUtf8 } from '@blindai/core'
import { parseSignedText } from '../../packages/verifier/src/dcap/signed-text.ts'
import { readTcbInfo } from '../../packages/verifier/src/dcap/tcb-info.ts'
import { JSON_TEXT, MEMBERS, TEXT } from '../engine/refusals.ts'
import { files } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

export const target: FuzzTarget = {
  sources: ['packages/verifier/src/dcap/signed-text.ts', 'packages/verifier/src/dcap/tcb-info.ts'],
  seeds: [files('vectors/attestation/{tdx,sgx}/*-tcbinfo.json')],
  isText: true,
  parse: (bytes) => readTcbInfo(parseSignedText('tcbInfo', fromUtf8('fuzz', bytes).trimEnd()).value),
  refuses: joinRefusals(TEXT, JSON_TEXT, MEMBERS),
}
