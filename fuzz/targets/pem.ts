import { fromUtf8 } from '@blindai/core'
import { parsePemCertificates } from '../../packages/verifier/src/x509/pem.ts'
import { TEXT } from '../engine/refusals.ts'
import { files } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

export const target: FuzzTarget = {
  sources: ['packages/verifier/src/x509/pem.ts'],
  seeds: [files('vectors/attestation/{tdx,snp,nitro}/*.pem')],
  isText: true,
  parse: (bytes) => parsePemCertificates('fuzz', fromUtf8('fuzz', bytes), 8),
  refuses: joinRefusals(TEXT, { VerifierError: ['NOT_PEM'] }),
}
