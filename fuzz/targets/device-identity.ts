import { verifyDeviceIdentity } from '../../packages/verifier/src/formats/nvidia/device-identity.ts'
import { parseCertificate } from '../../packages/verifier/src/x509/certificate.ts'
import { certificateWith, extensionIn } from '../engine/extension.ts'
import { expand, inPem } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

/** Source: TCG DICE Attestation Architecture. */
const DEVICE_IDENTIFIER = '2.23.133.5.4.1'
const FWID_BYTES = 48
const chain = inPem('vectors/attestation/nvidia/hopper-google.chain.pem')
const [seed = new Uint8Array()] = expand([extensionIn(chain, DEVICE_IDENTIFIER)], 65_536)
/** It ends with the firmware's digest. */
const fwid = Buffer.from(seed.subarray(-FWID_BYTES)).toString('hex')
const [, device = new Uint8Array()] = expand([chain], 65_536)
const issuer = parseCertificate('device', device)

export const target: FuzzTarget = {
  sources: ['packages/verifier/src/formats/nvidia/device-identity.ts', 'packages/verifier/src/x509/algorithms.ts'],
  seeds: [extensionIn(inPem('vectors/attestation/nvidia/*.chain.pem'), DEVICE_IDENTIFIER)],
  parse: (bytes) => verifyDeviceIdentity(fwid, certificateWith(DEVICE_IDENTIFIER, bytes), issuer),
  refuses: {
    VerifierError: [
      ...['NOT_DER', 'UNSUPPORTED_VALUE', 'UNSUPPORTED_ALGORITHM', 'PUBLIC_KEY_INVALID'],
      ...['NVIDIA_FWID_MISMATCH', 'NVIDIA_DEVICE_KEY_MISMATCH'],
    ],
  },
}
