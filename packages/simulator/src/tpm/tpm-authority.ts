import { constants, createHash, sign } from 'node:crypto'
import {
  concatBytes,
  type EvidenceFormat,
  type EvidenceSource,
  fromBase64Url,
  fromHex,
  type JsonValue,
  joinBytes,
  type TpmEndorsements,
  toBase64Url,
  toHex,
  toPem,
  type UnixSeconds,
  utf8,
} from '@blindai/core'
import { apply, type Change } from '../authority/changes.ts'
import { hashOf, isRsa, type KeyPair } from '../authority/keys.ts'
import {
  AK_ATTRIBUTES,
  selectPcrs,
  sized,
  TPM_IDS,
  type TpmAttestFields,
  type TpmPublicFields,
  type TpmSignatureFields,
  writeTpmAttest,
  writeTpmPublic,
  writeTpmSignature,
} from './structures.ts'
import {
  completeTpmKeys,
  issueTpmCertificates,
  type TpmCertificateChanges,
  type TpmCertificates,
  type TpmKeys,
} from './tpm-chain.ts'

/**
 * A throwaway authority for tests that signs what a TPM 2.0 would. It is a program, so it protects nothing. Source: TPM 2.0
 * Library, Part 2 and 3.
 */

/** Registers that a mock TPM quotes, SHA-256, lower-case hex by number; each of one repeated byte. */
export const MOCK_TPM_PCRS: { readonly [pcr: string]: string } = {
  '0': 'a0'.repeat(32),
  '4': 'a4'.repeat(32),
  '7': 'a7'.repeat(32),
  '11': 'ab'.repeat(32),
}

/** Registers by bank: what the evidence lists, and the quote is over. */
export type MockTpmBanks = { readonly [bank: string]: { readonly [pcr: string]: string } }

/** A member of the evidence's JSON; as a list, so that one can be there twice. */
export type TpmMember = readonly [name: string, value: JsonValue]

/**
 * The steps at which a test can make the authority do wrong, in their order. What comes after a step follows from what it
 * returned; to break the signature, change `signature`.
 */
export interface TpmChanges extends TpmCertificateChanges {
  readonly public?: Change<TpmPublicFields>
  /** TPMT_PUBLIC, without its length. */
  readonly publicBytes?: Change<Uint8Array>
  readonly attest?: Change<TpmAttestFields>
  /** TPMS_ATTEST, before it is signed. */
  readonly attestBytes?: Change<Uint8Array>
  readonly signature?: Change<TpmSignatureFields>
  readonly signatureBytes?: Change<Uint8Array>
  /** What is listed; the quote is over what was there before. */
  readonly banks?: Change<MockTpmBanks>
  readonly members?: Change<readonly TpmMember[]>
  /** The whole, as it travels. */
  readonly evidence?: Change<Uint8Array>
}

/** The keys, the time of issue and what to do wrong. */
export interface TpmAuthorityOptions {
  readonly now: UnixSeconds
  /** Keys to use; new ones are made for the rest. */
  readonly keys?: Partial<TpmKeys>
  /** DER of an existing certificate of `keys.root`; a new one is issued without it. */
  readonly rootCertificate?: Uint8Array
  /** Signs RSA by PSS instead of PKCS #1 v1.5. */
  readonly pss?: boolean
  /** Registers to quote instead of `MOCK_TPM_PCRS`, by bank in the order of the selection. */
  readonly banks?: MockTpmBanks
  readonly changes?: TpmChanges
}

/** A root, everything below it, and a TPM that quotes. */
export interface MockTpmAuthority {
  /** Lower-case hex SHA-256 of the root certificate's DER. */
  readonly rootSha256: string
  /** Lower-case hex: the name of the attestation key. */
  readonly akName: string
  readonly keys: TpmKeys
  readonly certificates: TpmCertificates
  readonly endorsements: TpmEndorsements
  /** Evidence whose quote carries the SHA-256 of this report data. */
  attest(reportData: Uint8Array): Uint8Array
  /** Evidence whose quote carries exactly this. */
  quote(extraData: Uint8Array): Uint8Array
  /** An evidence source whose evidence is labelled as asked, rightly or wrongly; `simulated-tpm` without a format. */
  source(format?: EvidenceFormat): EvidenceSource
}

/** Makes an authority under a root of its own. */
export function createMockTpmAuthority(options: TpmAuthorityOptions): MockTpmAuthority {
  const { now, changes = {}, pss = false, banks = { sha256: MOCK_TPM_PCRS } } = options
  const keys = completeTpmKeys(options.keys ?? {})
  const certificates = issueTpmCertificates(keys, options.rootCertificate, now, changes)
  const publicArea = apply(changes.publicBytes, writeTpmPublic(apply(changes.public, publicOf(keys.ak, pss))))
  const chain = toPem('CERTIFICATE', certificates.issuer) + toPem('CERTIFICATE', certificates.root)
  const quote = (extraData: Uint8Array): Uint8Array => {
    const quoted = apply(
      changes.attestBytes,
      writeTpmAttest(apply(changes.attest, attestOf(keys.ak, extraData, banks))),
    )
    const signature = writeTpmSignature(apply(changes.signature, signatureOf(keys.ak, quoted, pss)))
    const members = apply(changes.members, [
      ['version', 1],
      ['quoted', toBase64Url(quoted)],
      ['signature', toBase64Url(apply(changes.signatureBytes, signature))],
      ['akPublic', toBase64Url(sized(publicArea))],
      ['pcrs', apply(changes.banks, banks)],
    ])
    const text = members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()
    return apply(changes.evidence, utf8(`{${text}}`))
  }
  const attest = (reportData: Uint8Array): Uint8Array => quote(hashed('sha256', reportData))
  const endorsements: TpmEndorsements = {
    type: 'tpm',
    akCertificate: toBase64Url(certificates.ak),
    akChain: chain,
    ekCertificate: toBase64Url(certificates.ek),
    ekChain: chain,
  }
  return {
    rootSha256: toHex(hashed('sha256', certificates.root)),
    akName: `000b${toHex(hashed('sha256', publicArea))}`,
    keys,
    certificates,
    endorsements,
    attest,
    quote,
    source: (format = 'simulated-tpm') => ({
      format,
      collect: async (reportData) => ({ bytes: attest(reportData) }),
      endorsements: async () => endorsements,
    }),
  }
}

function publicOf(ak: KeyPair, pss: boolean): TpmPublicFields {
  const common = {
    nameAlg: TPM_IDS.sha256,
    objectAttributes: AK_ATTRIBUTES,
    authPolicy: new Uint8Array(),
    symmetric: [TPM_IDS.null],
    scheme: [schemeOf(ak, pss), TPM_IDS[hashOf(ak)]],
  }
  const { n = '', x = '', y = '', crv } = ak.publicKey.export({ format: 'jwk' })
  if (isRsa(ak)) {
    const modulus = fromBase64Url('n', n)
    return {
      ...common,
      type: TPM_IDS.rsa,
      parameters: { keyBits: 8 * modulus.byteLength, exponent: 0 },
      unique: [modulus],
    }
  }
  return {
    ...common,
    type: TPM_IDS.ecc,
    parameters: { curveId: crv === 'P-256' ? TPM_IDS.p256 : TPM_IDS.p384, kdf: [TPM_IDS.null] },
    unique: [fromBase64Url('x', x), fromBase64Url('y', y)],
  }
}

function attestOf(ak: KeyPair, extraData: Uint8Array, banks: MockTpmBanks): TpmAttestFields {
  const selected = Object.entries(banks).map(([bank, values]) => {
    const pcrs = Object.keys(values)
      .map(Number)
      .sort((a, b) => a - b)
    const octets = joinBytes(pcrs.map((pcr) => fromHex('PCR', values[pcr] ?? '')))
    return {
      selection: { hash: bank === 'sha384' ? TPM_IDS.sha384 : TPM_IDS.sha256, select: selectPcrs(pcrs) },
      octets,
    }
  })
  return {
    magic: 0xff54_4347,
    type: 0x8018,
    qualifiedSigner: concatBytes(new Uint8Array([0, TPM_IDS.sha256]), new Uint8Array(32).fill(0x51)),
    extraData,
    clock: 123_456_789n,
    resetCount: 7,
    restartCount: 1,
    safe: 1,
    firmwareVersion: 0x2024_0125_0012_0000n,
    selections: selected.map(({ selection }) => selection),
    pcrDigest: hashed(hashOf(ak), joinBytes(selected.map(({ octets }) => octets))),
  }
}

function signatureOf(ak: KeyPair, quoted: Uint8Array, pss: boolean): TpmSignatureFields {
  const common = { sigAlg: schemeOf(ak, pss), hash: TPM_IDS[hashOf(ak)] }
  if (isRsa(ak)) {
    const padding = pss ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING
    const how = { key: ak.privateKey, padding, ...(pss && { saltLength: constants.RSA_PSS_SALTLEN_DIGEST }) }
    return { ...common, numbers: [new Uint8Array(sign(hashOf(ak), quoted, how))] }
  }
  const raw = new Uint8Array(sign(hashOf(ak), quoted, { key: ak.privateKey, dsaEncoding: 'ieee-p1363' }))
  return { ...common, numbers: [raw.slice(0, raw.length / 2), raw.slice(raw.length / 2)] }
}

function schemeOf(ak: KeyPair, pss: boolean): number {
  if (!isRsa(ak)) return TPM_IDS.ecdsa
  return pss ? TPM_IDS.rsapss : TPM_IDS.rsassa
}

function hashed(hash: 'sha256' | 'sha384', bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash(hash).update(bytes).digest())
}
