import { fromHex, type JsonValue, MalformedError, parseJson, utf8 } from '@blindai/core'

/** A document that Intel's provisioning service signs: the value, the very bytes that were signed, and the signature. */
export interface SignedText {
  readonly value: JsonValue
  readonly signed: Uint8Array
  /** r and s. */
  readonly signature: Uint8Array
}

/**
 * Takes `{"<member>":…,"signature":"…"}` apart without writing it anew: the signature covers the member's exact text.
 *
 * Source: Intel PCS API v4, "Get TCB Info" and "Get Quoting Enclave Identity".
 *
 * @param text - bounded by whoever read it.
 * @throws {MalformedError} `WRONG_VALUE`, `NOT_JSON`, `DUPLICATE_MEMBER`, `JSON_TOO_DEEP`.
 */
export function parseSignedText(member: 'tcbInfo' | 'enclaveIdentity', text: string): SignedText {
  const start = `{"${member}":`
  const end = /,"signature":"([0-9a-fA-F]{128})"\}$/.exec(text)
  const signature = end?.[1]
  if (end === null || signature === undefined || !text.startsWith(start)) {
    const expected = `the text ${start}…,"signature":"…"} with 128 hexadecimal digits, as it was served`
    throw new MalformedError('WRONG_VALUE', { field: member, expected })
  }
  const body = text.slice(start.length, end.index)
  return { value: parseJson(member, body), signed: utf8(body), signature: fromHex(`${member} signature`, signature) }
}
