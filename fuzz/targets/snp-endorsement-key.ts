import { readEndorsementKey } from '../../packages/verifier/src/formats/snp/endorsement-key.ts'
import { parseCertificate } from '../../packages/verifier/src/x509/certificate.ts'
import { CERTIFICATE } from '../engine/refusals.ts'
import { files } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

/** Names a cloud provider, which only a VLEK does. Source: AMD 57230, "VLEK Certificate Definition". */
const PROVIDER = '1.3.6.1.4.1.3704.1.5'

export const target: FuzzTarget = {
  sources: [
    'packages/verifier/src/formats/snp/endorsement-key.ts',
    'packages/verifier/src/formats/snp/product.ts',
    'packages/verifier/src/x509/extensions.ts',
  ],
  seeds: [files('vectors/attestation/snp/*.{vcek,vlek}.der')],
  parse: (bytes) => {
    const certificate = parseCertificate('fuzz', bytes)
    return readEndorsementKey(certificate, certificate.extensions.has(PROVIDER) ? 'VLEK' : 'VCEK')
  },
  refuses: joinRefusals(CERTIFICATE, { VerifierError: ['EXTENSION_MISSING', 'RESERVED_NOT_ZERO'] }),
}
