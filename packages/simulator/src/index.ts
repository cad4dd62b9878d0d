export type { Authority, AuthorityOptions } from './authority/authority.ts'
export type { CertificateFields, CrlFields, Extension, Name, RevokedCertificate } from './authority/certificate.ts'
export type { AuthorityKeys, Certificates } from './authority/chain.ts'
export type { AuthorityChanges, Change } from './authority/changes.ts'
export type { EnclaveReport } from './authority/enclave-report.ts'
export { ENDORSEMENTS_HOLD_SECONDS } from './authority/endorsements.ts'
export { generateKeyPair, generateRsaKeyPair, type KeyPair } from './authority/keys.ts'
export type { SimulatedMeasurements } from './authority/make-quote.ts'
export type { SgxQuoteHeader, SimulatedEnclave } from './authority/make-sgx-quote.ts'
export type { QeReport, QuoteHeader, SignatureData, TdReport } from './authority/quote.ts'
export type { PckPlatform } from './authority/sgx-extension.ts'
export {
  createMockHclMachine,
  generateHclKey,
  type HclChanges,
  type HclHardwareMock,
  type MockHclMachine,
  type MockHclOptions,
} from './azure-hcl/hcl-authority.ts'
export type { HclReportFields } from './azure-hcl/hcl-report.ts'
export {
  type AnySimulatorError,
  isSimulatorError,
  SIMULATOR_CATALOGUE,
  SimulatorError,
  type SimulatorErrorDetails,
} from './errors.ts'
export { type Installation, type MeasureOptions, measureFiles, measureInstallation } from './installation/measure.ts'
export {
  createMockAuthority,
  MOCK_ENCLAVE,
  MOCK_MEASUREMENTS,
  type MockAuthority,
  type MockSgxSourceOptions,
  type MockSourceOptions,
} from './mock-authority.ts'
export type { CborEntries, CborEntry, CborItem } from './nitro/cbor-writer.ts'
export { writeCbor } from './nitro/cbor-writer.ts'
export {
  createMockNitroAuthority,
  MOCK_NITRO_PCRS,
  type MockNitroAuthority,
  type MockNitroPcrs,
  type NitroAuthorityOptions,
  type NitroChanges,
} from './nitro/nitro-authority.ts'
export type { NitroCertificateChanges, NitroCertificates, NitroKeys } from './nitro/nitro-chain.ts'
export { openSimulator, type Simulator, type SimulatorOptions } from './simulator.ts'
export type { SnpCertificates, SnpKeys } from './snp/chain.ts'
export type { SnpChanges } from './snp/changes.ts'
export {
  createMockSnpAuthority,
  MOCK_SNP_MEASUREMENT,
  type MockSnpAuthority,
  type MockSnpOptions,
} from './snp/mock-snp-authority.ts'
export type { MockSnpTcb, SnpPlatform } from './snp/platform.ts'
export type { SnpReportFields } from './snp/report.ts'
export {
  AK_ATTRIBUTES,
  selectPcrs,
  TPM_IDS,
  type TpmAttestFields,
  type TpmPublicFields,
  type TpmSelectionFields,
  type TpmSignatureFields,
} from './tpm/structures.ts'
export {
  createMockTpmAuthority,
  MOCK_TPM_PCRS,
  type MockTpmAuthority,
  type MockTpmBanks,
  type TpmAuthorityOptions,
  type TpmChanges,
  type TpmMember,
} from './tpm/tpm-authority.ts'
export type { TpmCertificateChanges, TpmCertificates, TpmKeys } from './tpm/tpm-chain.ts'
