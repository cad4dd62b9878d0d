import { toHex } from '@blindai/core'
import { isSameKey } from '../../crypto/public-key.ts'
import { VerifierError } from '../../errors/verifier-error.ts'
import { readPublicKey } from '../../x509/algorithms.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { DerReader, TAG } from '../../x509/der-reader.ts'
import { readOctets, readOid, readSmallInteger } from '../../x509/der-values.ts'

/** Has the content of a composite device identifier. Source: TCG DICE Attestation Architecture; NVIDIA's certificates. */
const DEVICE_IDENTIFIER = '2.23.133.5.4.1'
const SHA384 = '2.16.840.1.101.3.4.2.2'
const FWID_BYTES = 48

/**
 * Checks that the certificate of the attestation key is for the firmware that the report names, and for the device whose key
 * issued it.
 *
 * @param fwid - what the report says; lower-case hex.
 * @throws {VerifierError} `EXTENSION_MISSING`, `NOT_DER`, `UNSUPPORTED_VALUE`, `NVIDIA_FWID_MISMATCH`,
 * `NVIDIA_DEVICE_KEY_MISMATCH`.
 */
export function verifyDeviceIdentity(fwid: string, leaf: Certificate, device: Certificate): void {
  const extension = leaf.extensions.get(DEVICE_IDENTIFIER)
  if (extension === undefined) {
    throw new VerifierError('EXTENSION_MISSING', { field: leaf.field, oid: DEVICE_IDENTIFIER })
  }
  const outer = new DerReader(`${leaf.field} device identifier`, extension.value)
  const identifier = outer.enter(TAG.sequence, 'value')
  outer.end()
  const version = readSmallInteger(identifier, 'version')
  const key = readPublicKey(identifier, 'deviceID')
  const firmware = identifier.enter(TAG.sequence, 'fwid')
  identifier.end()
  const hash = readOid(firmware, 'hashAlg')
  const actual = toHex(readOctets(firmware, 'digest', FWID_BYTES))
  firmware.end()
  if (version !== 1 || hash !== SHA384) {
    const facts = { field: identifier.field, expected: `version 1 and ${SHA384}`, actual: `${version} and ${hash}` }
    throw new VerifierError('UNSUPPORTED_VALUE', facts)
  }
  if (!isSameKey(key, device.publicKey)) {
    throw new VerifierError('NVIDIA_DEVICE_KEY_MISMATCH', { subject: leaf.subject.commonName })
  }
  if (actual !== fwid) throw new VerifierError('NVIDIA_FWID_MISMATCH', { expected: fwid, actual })
}
