import { isDeepStrictEqual } from 'node:util'
import { fromUtf8, parseJson } from '@blindai/core'
import { JSON_TEXT, TEXT } from '../engine/refusals.ts'
import { files, inJson, written } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

/** What the strict parser takes, the one of the language takes too, with the same value. */
function parse(bytes: Uint8Array): unknown {
  const text = fromUtf8('fuzz', bytes)
  const value = structuredClone(parseJson('fuzz', text))
  if (!isDeepStrictEqual(structuredClone(JSON.parse(text)), value)) throw new Error('JSON.parse gives another value')
  return value
}

export const target: FuzzTarget = {
  sources: ['packages/core/src/json.ts'],
  seeds: [
    files('vectors/attestation/raw/policy.json'),
    inJson('vectors/attestation/simulated/*.json', 'document.statement', 'base64url'),
    written('[1,-0.5e-3,"\\ud83d\\ude00",{"a":null,"b":[true,false]}]'),
  ],
  isText: true,
  parse,
  refuses: joinRefusals(TEXT, JSON_TEXT),
}
