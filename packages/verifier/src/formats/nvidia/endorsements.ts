import { ObjectReader } from '../../json/object-reader.ts'
import { type Certificate, parseCertificate } from '../../x509/certificate.ts'
import { type OcspResponse, parseOcspResponse } from '../../x509/ocsp.ts'
import { type NonEmpty, parsePemCertificates } from '../../x509/pem.ts'
import { parseRim, type Rim } from './rim.ts'

const MAX_CHAIN_TEXT = 65_536
const MAX_CERTIFICATES = 8
const MAX_RIM_TEXT = 262_144
const MAX_RESPONSES = 16
const MAX_RESPONSE_BYTES = 8192

/** Endorsements of a report, parsed and not yet believed. */
export interface ParsedNvidiaEndorsements {
  /** Lowest first: the attestation key of the GPU, the device, NVIDIA's authorities. */
  readonly deviceChain: NonEmpty<Certificate>
  readonly driverRim: Rim
  readonly vbiosRim: Rim
  readonly ocsp: readonly OcspResponse[]
}

/**
 * Parses endorsements as `NvidiaEndorsements` of core carries them.
 *
 * @throws {MalformedError} and {VerifierError} with the codes of the parts.
 */
export function parseNvidiaEndorsements(value: unknown): ParsedNvidiaEndorsements {
  const r = new ObjectReader('endorsements', value)
  r.word('type', ['nvidia'])
  const ders = parsePemCertificates('device chain', r.string('deviceChain', MAX_CHAIN_TEXT), MAX_CERTIFICATES)
  const [leaf, ...authorities] = ders
  const driverRim = parseRim('driver RIM', r.string('driverRim', MAX_RIM_TEXT))
  const vbiosRim = parseRim('VBIOS RIM', r.string('vbiosRim', MAX_RIM_TEXT))
  const responses = r.byteStrings('ocsp', MAX_RESPONSES, { most: MAX_RESPONSE_BYTES })
  r.end()
  return {
    deviceChain: [
      parseCertificate('device chain[0]', leaf),
      ...authorities.map((der, i) => parseCertificate(`device chain[${i + 1}]`, der)),
    ],
    driverRim,
    vbiosRim,
    ocsp: responses.map((bytes, i) => parseOcspResponse(`OCSP response ${i}`, bytes)),
  }
}
