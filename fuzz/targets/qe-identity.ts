import { fromUtf8 } from '@blindai/core'
import { readQeIdentity } from '../../packages/verifier/src/dcap/qe-identity.ts'
import { parseSignedText } from '../../packages/verifier/src/dcap/signed-text.ts'
import { JSON_TEXT, MEMBERS, TEXT } from '../engine/refusals.ts'
import { files } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

export const target: FuzzTarget = {
  sources: ['packages/verifier/src/dcap/signed-text.ts', 'packages/verifier/src/dcap/qe-identity.ts'],
  seeds: [files('vectors/attestation/{tdx,sgx}/*-qe-identity.json')],
  isText: true,
  parse: (bytes) => readQeIdentity(parseSignedText('enclaveIdentity', fromUtf8('fuzz', bytes).trimEnd()).value),
  refuses: joinRefusals(TEXT, JSON_TEXT, MEMBERS),
}
