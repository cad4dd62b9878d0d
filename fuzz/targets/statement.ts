import { parseStatement } from '../../packages/verifier/src/document/statement.ts'
import { JSON_TEXT, MEMBERS, TEXT } from '../engine/refusals.ts'
import { inJson } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

export const target: FuzzTarget = {
  sources: ['packages/verifier/src/document/statement.ts', 'packages/verifier/src/json/object-reader.ts'],
  seeds: [inJson('vectors/attestation/simulated*/*.json', 'document.statement', 'base64url')],
  isText: true,
  parse: parseStatement,
  refuses: joinRefusals(TEXT, JSON_TEXT, MEMBERS, { MalformedError: ['UNKNOWN_MEMBER', 'NOT_BASE64URL'] }),
}
