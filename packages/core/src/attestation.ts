import { concatBytes, u32be, utf8 } from './bytes.ts'
import { digest } from './digest.ts'

/**
 * What an enclave says of itself and how evidence is tied to it.
 *
 * The attester writes these structures and the verifier parses them; this module holds only what both must agree on to
 * the byte. It promises nothing about whether evidence is true.
 */

/** Bytes of a client's nonce and of a combined one. */
export const NONCE_BYTES = 32

/** The largest number of waiting callers that share one piece of evidence. */
export const MAX_SHARED_NONCES = 1024

/** Binds the report data to this protocol and version. */
const REPORT_DATA_DOMAIN = utf8('blindai.attestation.v1\0')

/** A public Ed25519 key. Source: RFC 8037 section 2. `x` is base64url of 32 bytes. */
export interface Ed25519Jwk {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly x: string
}

/** The public keys of one boot of one enclave. */
export interface Keyset {
  /** Lower-case hex SHA-256 of the SubjectPublicKeyInfo of each TLS certificate. */
  readonly tls: readonly string[]
  /** base64url of an `application/ohttp-keys` list. Source: RFC 9458 section 3.2. */
  readonly ohttp: string
  /** Signs the channel proof of an attested TLS connection. */
  readonly channel: Ed25519Jwk
  /** Signs receipts. */
  readonly receipts: Ed25519Jwk
  /** Unix seconds, both inclusive. */
  readonly notBefore: number
  readonly notAfter: number
}

/**
 * How far engines are walled off from the gatekeeper. `full`: own uid or user namespace, and own pid, net, ipc and mount
 * namespaces; `reduced`: some of that could not be built here; `none`: plain child processes.
 */
export type IsolationLevel = 'full' | 'reduced' | 'none'

/** The security-relevant configuration, in clear. Own words of the enclave: worth as much as its measurement. */
export interface AttestedConfig {
  readonly isolation: IsolationLevel
  readonly keySource: string
  readonly unattestedClients: boolean
  readonly legacyListeners: boolean
  readonly crossTenantBatching: boolean
  readonly sharedEngines: boolean
  readonly peers: readonly string[]
  /** Lower-case hex SHA-256 of each API key that the configuration names. */
  readonly credentials: readonly string[]
  /** Lower-case hex SHA-256 of the whole effective configuration. */
  readonly digest: string
}

/** What runs, in its own words. */
export interface AttestedSoftware {
  readonly name: string
  readonly version: string
  /** Lower-case hex SHA-256 over the files that were loaded. */
  readonly digest: string
}

/** What evidence speaks for. Sent as the exact bytes that were hashed. */
export interface Statement {
  readonly version: 1
  readonly keyset: Keyset
  readonly config: AttestedConfig
  readonly software: AttestedSoftware
}

/**
 * The formats that a document can carry. `simulated` has the structure of `tdx` under a root of no authority,
 * `simulated-sgx` that of `sgx`, `simulated-sev-snp` that of `sev-snp`, `simulated-nitro` that of `nitro`,
 * `simulated-tpm` that of `tpm`, `simulated-azure-hcl` that of `azure-hcl`. The bytes of `sev-snp` are the attestation report
 * alone; the certificates that a host hands out beside it are endorsements.
 */
export type EvidenceFormat =
  | 'tdx'
  | 'sgx'
  | 'sev-snp'
  | 'tpm'
  | 'nitro'
  | 'nvidia'
  | 'simulated'
  | 'simulated-sev-snp'
  | 'simulated-sgx'
  | 'simulated-nitro'
  | 'simulated-tpm'
  | 'azure-hcl'
  | 'simulated-azure-hcl'

/** Evidence as it travels. `bytes` and `log` are base64url. */
export interface Evidence {
  readonly format: EvidenceFormat
  readonly bytes: string
  readonly log?: string
}

/** Endorsements of Intel DCAP evidence, as a PCS or PCCS serves them. */
export interface DcapEndorsements {
  readonly type: 'dcap'
  /** PEM, leaf first. */
  readonly pckCrlIssuerChain: string
  /** base64url of DER. */
  readonly rootCaCrl: string
  /** base64url of DER. */
  readonly pckCrl: string
  /** PEM, leaf first. */
  readonly tcbInfoIssuerChain: string
  /** The exact text served: `{"tcbInfo":{…},"signature":"…"}`. */
  readonly tcbInfo: string
  /** PEM, leaf first. */
  readonly qeIdentityIssuerChain: string
  /** The exact text served: `{"enclaveIdentity":{…},"signature":"…"}`. */
  readonly qeIdentity: string
}

/**
 * Endorsements of an AMD SEV-SNP report, as AMD's key distribution service serves them. Exactly one of `vcek` and `vlek`
 * is there: the certificate of the key that signed the report.
 */
export interface SnpEndorsements {
  readonly type: 'snp'
  /** base64url of DER: the key of one chip at one TCB. */
  readonly vcek?: string
  /** base64url of DER: a key that AMD lends a provider for its chips. */
  readonly vlek?: string
  /** PEM: the ASK (or, for a VLEK, the ASVK) and then the ARK. */
  readonly chain: string
  /** base64url of the DER of the ARK's revocation list. */
  readonly crl?: string
}

/**
 * Endorsements of a TPM: certificates of its attestation key (what signed the quote) and of its endorsement key. A certificate
 * and its chain are there together.
 */
export interface TpmEndorsements {
  readonly type: 'tpm'
  /** base64url of DER. */
  readonly akCertificate?: string
  /** PEM: the issuer of that certificate first, the root last. */
  readonly akChain?: string
  /** base64url of DER. It says that there is a TPM, and nothing of the attestation key. */
  readonly ekCertificate?: string
  readonly ekChain?: string
}

/** Endorsements by technology. */
export type Endorsements = DcapEndorsements | SnpEndorsements | TpmEndorsements

/** What `GET /.well-known/blindai/attestation` answers. */
export interface AttestationDocument {
  /** base64url of the statement's UTF-8 JSON. */
  readonly statement: string
  /** base64url of 32 bytes, or empty for cached evidence. */
  readonly nonce: string
  /** Where callers share evidence: all their nonces in order; `nonce` is then the combination of them. */
  readonly nonces?: readonly string[]
  readonly evidence: Evidence
  readonly endorsements?: Endorsements
}

/** A device that makes evidence: hardware behind the attester, or the simulator. */
export interface EvidenceSource {
  readonly format: EvidenceFormat
  /** Evidence over exactly 64 bytes of report data. */
  collect(reportData: Uint8Array): Promise<{ readonly bytes: Uint8Array; readonly log?: Uint8Array }>
  /** What a verifier needs besides, stapled to the document; undefined when there is none. */
  endorsements(): Promise<Endorsements | undefined>
}

/**
 * The 64 bytes that evidence must carry: SHA-512("blindai.attestation.v1" 0x00 | u32be len | nonce | u32be len | statement).
 *
 * @param nonce - 32 bytes, or none for cached evidence.
 * @param statement - the statement's exact UTF-8 bytes.
 */
export async function reportData(nonce: Uint8Array, statement: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return digest(
    'SHA-512',
    concatBytes(REPORT_DATA_DOMAIN, u32be(nonce.byteLength), nonce, u32be(statement.byteLength), statement),
  )
}

/**
 * The nonce of evidence that several callers share: the SHA-256 of their nonces in order.
 *
 * @throws {RangeError} when there are none, too many, or one is not 32 bytes.
 */
export async function combineNonces(nonces: readonly Uint8Array[]): Promise<Uint8Array<ArrayBuffer>> {
  if (nonces.length === 0 || nonces.length > MAX_SHARED_NONCES) {
    throw new RangeError(`from 1 to ${MAX_SHARED_NONCES} nonces can share evidence, not ${nonces.length}`)
  }
  for (const nonce of nonces) {
    if (nonce.byteLength !== NONCE_BYTES)
      throw new RangeError(`a nonce has ${NONCE_BYTES} bytes, not ${nonce.byteLength}`)
  }
  return digest('SHA-256', concatBytes(...nonces))
}
