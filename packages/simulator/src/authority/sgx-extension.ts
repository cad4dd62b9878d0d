import { derBoolean, derEnumerated, derInteger, derOctetString, derOid, derSequence } from '@blindai/core'
import type { Extension } from './certificate.ts'

/** What a PCK certificate says of its platform. Source: Intel SGX PCK Certificate and CRL Profile 1.5, section 1.3.5. */
export interface PckPlatform {
  /** 16 bytes. */
  readonly ppid: Uint8Array
  /** 16 numbers from 0 to 255. */
  readonly sgxTcbComponents: readonly number[]
  readonly pceSvn: number
  /** 16 bytes. */
  readonly cpuSvn: Uint8Array
  /** 2 bytes. */
  readonly pceId: Uint8Array
  /** 6 bytes. */
  readonly fmspc: Uint8Array
  /** 16 bytes. */
  readonly platformInstanceId: Uint8Array
}

const SGX_EXTENSIONS = '1.2.840.113741.1.13.1'

/** SGX type: 0 standard, 1 scalable, 2 scalable with integrity. TDX platforms are scalable. */
const SCALABLE = 1

/** The SGX extensions of a PCK certificate that a Platform CA issues. */
export function sgxExtension(platform: PckPlatform): Extension {
  const tcb = [
    ...platform.sgxTcbComponents.map((svn, index) => entry(`2.${index + 1}`, derInteger(svn))),
    entry('2.17', derInteger(platform.pceSvn)),
    entry('2.18', derOctetString(platform.cpuSvn)),
  ]
  const configuration = [
    entry('7.1', derBoolean(true)), // dynamic platform
    entry('7.2', derBoolean(true)), // cached keys
    entry('7.3', derBoolean(true)), // SMT enabled
  ]
  const value = derSequence(
    entry('1', derOctetString(platform.ppid)),
    entry('2', derSequence(...tcb)),
    entry('3', derOctetString(platform.pceId)),
    entry('4', derOctetString(platform.fmspc)),
    entry('5', derEnumerated(SCALABLE)),
    entry('6', derOctetString(platform.platformInstanceId)),
    entry('7', derSequence(...configuration)),
  )
  return { oid: SGX_EXTENSIONS, critical: false, value }
}

function entry(arcs: string, value: Uint8Array): Uint8Array {
  return derSequence(derOid(`${SGX_EXTENSIONS}.${arcs}`), value)
}
