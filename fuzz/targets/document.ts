import { parseDocument } from '../../packages/verifier/src/document/document.ts'
import { JSON_TEXT, MEMBERS, TEXT } from '../engine/refusals.ts'
import { inJson } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

export const target: FuzzTarget = {
  sources: ['packages/verifier/src/document/document.ts', 'packages/verifier/src/json/object-reader.ts'],
  seeds: [inJson('vectors/attestation/simulated*/accepted*.json', 'document', 'text')],
  isText: true,
  parse: parseDocument,
  refuses: joinRefusals(TEXT, JSON_TEXT, MEMBERS, { MalformedError: ['UNKNOWN_MEMBER', 'NOT_BASE64URL'] }),
}
