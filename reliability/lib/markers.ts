import { randomBytes, randomInt } from 'node:crypto'
import { base64Alignments, canaryForms, findCanaries } from '../../tests/browser/canary.ts'

/** Something that can be recognised wherever it turns up: a text, or numbers. */
export type Marker =
  | { readonly name: string; readonly text: string }
  | { readonly name: string; readonly numbers: Float32Array<ArrayBuffer> }

/** A marker that was found, and the form it had. */
export interface FoundMarker {
  readonly marker: string
  readonly form: string
}

/** Numbers in a marker: `findCanaries` finds any four in a row. */
const NUMBERS = 6

/** A text of 24 letters and digits that nobody else has. */
export function textMarker(name: string): Marker & { readonly text: string } {
  return { name, text: `mark${randomBytes(10).toString('hex')}` }
}

/** Numbers of eight digits that nobody else has. */
export function numberMarker(name: string): Marker & { readonly numbers: Float32Array<ArrayBuffer> } {
  return { name, numbers: Float32Array.from({ length: NUMBERS }, () => randomInt(1_000_000, 9_999_999) / 1024) }
}

/** Every form of a marker in which it could leak. */
export function* formsOf(marker: Marker): Generator<readonly [string, Buffer]> {
  if ('numbers' in marker) {
    yield* canaryForms(marker.numbers.subarray(0, 4))
    return
  }
  const utf8 = Buffer.from(marker.text)
  const utf16 = Buffer.from(marker.text, 'utf16le')
  for (const [encoding, bytes] of [['utf-8', utf8] as const, ['utf-16', utf16] as const]) {
    yield [`${encoding} raw`, bytes]
    const hex = bytes.toString('hex')
    yield [`${encoding} hex`, Buffer.from(hex)]
    yield [`${encoding} hex`, Buffer.from(hex.toUpperCase())]
    for (const text of base64Alignments(bytes)) {
      yield [`${encoding} base64`, Buffer.from(text)]
      yield [`${encoding} base64`, Buffer.from(text.replaceAll('+', '-').replaceAll('/', '_'))]
    }
  }
}

/** Every marker that the capture holds, in every form that it has there. */
export function findMarkers(capture: Uint8Array, markers: readonly Marker[]): FoundMarker[] {
  const haystack = Buffer.from(capture.buffer, capture.byteOffset, capture.byteLength)
  return markers.flatMap((marker) => {
    const forms =
      'numbers' in marker
        ? findCanaries(haystack, marker.numbers).map(({ form }) => form)
        : [...formsOf(marker)].filter(([, needle]) => haystack.includes(needle)).map(([form]) => form)
    return [...new Set(forms)].map((form) => ({ marker: marker.name, form }))
  })
}
