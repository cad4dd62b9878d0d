import { fromUtf8 } from '@blindai/core'
import { parseRim } from '../../packages/verifier/src/formats/nvidia/rim.ts'
import { CERTIFICATE, TEXT } from '../engine/refusals.ts'
import { files, inJson } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

export const target: FuzzTarget = {
  sources: [
    'packages/verifier/src/formats/nvidia/rim.ts',
    'packages/verifier/src/xml/xml-reader.ts',
    'packages/verifier/src/xml/canonical-xml.ts',
  ],
  seeds: [
    files('vectors/attestation/nvidia/rim-*.xml'),
    inJson('vectors/attestation/simulated-nvidia/*.json', 'document.endorsements.driverRim', 'text'),
  ],
  isText: true,
  parse: (bytes) => parseRim('fuzz', fromUtf8('fuzz', bytes)),
  refuses: joinRefusals(TEXT, CERTIFICATE, {
    MalformedError: ['TOO_LONG', 'NOT_BASE64URL'],
    VerifierError: ['NOT_XML', 'RIM_FORM'],
  }),
}
