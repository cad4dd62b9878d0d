import { type DcapEndorsements, fromBase64Url, toBase64Url } from '@blindai/core'
import { type Capture, captures, sgxCaptures } from '../../packages/verifier/test/support/captures.ts'
import type { Input } from './other-verifier.ts'

const DAY = 86_400

/** Every real capture with its collateral at its time. */
export const REAL: readonly Input[] = [
  ...captures.map((capture) => inputOf('tdx', capture)),
  ...sgxCaptures.map((capture) => inputOf('sgx', capture)),
]

function inputOf(format: 'tdx' | 'sgx', { name, quote, endorsements, now }: Capture): Input {
  return { name: `${format}: ${name}`, format, quote, endorsements, now }
}

/** One thing wrong with a real capture that both verifiers accept as it is. */
const WRONGS: readonly (readonly [why: string, change: (input: Input) => Partial<Input>])[] = [
  ['a root CRL with another signature', (i) => endorse(i, { rootCaCrl: lastByteChanged(i.endorsements.rootCaCrl) })],
  ['a PCK CRL with another signature', (i) => endorse(i, { pckCrl: lastByteChanged(i.endorsements.pckCrl) })],
  ['no byte of a root CRL', (i) => endorse(i, { rootCaCrl: '' })],
  ['no byte of a PCK CRL', (i) => endorse(i, { pckCrl: '' })],
  ['the root CRL in the place of the PCK CRL', (i) => endorse(i, { pckCrl: i.endorsements.rootCaCrl })],
  ['ten years later', (i) => ({ now: i.now + 3650 * DAY })],
  ['ten years earlier', (i) => ({ now: i.now - 3650 * DAY })],
  [
    'another letter in the TCB info',
    (i) => endorse(i, { tcbInfo: i.endorsements.tcbInfo.replace('UpToDate', 'upToDate') }),
  ],
  [
    'another letter in the QE identity',
    (i) => endorse(i, { qeIdentity: i.endorsements.qeIdentity.replace('UpToDate', 'upToDate') }),
  ],
  ['one bit of the body', (i) => ({ quote: changedAt(i.quote, 100) })],
  ['one bit of the header', (i) => ({ quote: changedAt(i.quote, 30) })],
  ['half of the quote', (i) => ({ quote: i.quote.slice(0, i.quote.byteLength / 2) })],
  ['a byte after the quote', (i) => ({ quote: Uint8Array.of(...i.quote, 1) })],
]

export const WRONG: readonly Input[] = ['tdx', 'sgx'].flatMap((format) => {
  const base = REAL.find((input) => input.format === format)
  if (base === undefined) throw new Error(`no capture of ${format}`)
  return WRONGS.map(([why, change]) => ({ ...base, ...change(base), name: `${base.name}, with ${why}` }))
})

function endorse({ endorsements }: Input, members: Partial<DcapEndorsements>): Partial<Input> {
  return { endorsements: { ...endorsements, ...members } }
}

function lastByteChanged(base64url: string): string {
  const bytes = fromBase64Url('CRL', base64url)
  return toBase64Url(changedAt(bytes, bytes.byteLength - 1))
}

function changedAt(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
}
