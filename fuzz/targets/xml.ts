import { fromUtf8, utf8 } from '@blindai/core'
import { canonicalXml } from '../../packages/verifier/src/xml/canonical-xml.ts'
import { parseXml } from '../../packages/verifier/src/xml/xml-reader.ts'
import { TEXT } from '../engine/refusals.ts'
import { files, written } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

/** What is read is the canonical form; that of a canonical form is itself. */
export const target: FuzzTarget<string> = {
  sources: ['packages/verifier/src/xml/xml-reader.ts', 'packages/verifier/src/xml/canonical-xml.ts'],
  seeds: [
    written('<a xmlns="n"/>\n', '<a xmlns="n" b="1" c="2">text<d e="3"></d>\n</a>'),
    written('<p:a xmlns:p="n" xmlns="m" p:b="1" b=">"><c xmlns="o"><p:d xmlns:p="q"/></c></p:a>'),
    files('vectors/attestation/nvidia/rim-*.xml'),
  ],
  isText: true,
  parse: (bytes) => canonicalXml(parseXml('fuzz', fromUtf8('fuzz', bytes))),
  write: utf8,
  refuses: joinRefusals(TEXT, { MalformedError: ['TOO_LONG'], VerifierError: ['NOT_XML'] }),
}
