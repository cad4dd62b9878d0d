export type { Authority, AuthorityOptions } from './authority/authority.ts'
export type { CertificateFields, CrlFields, Extension, Name, RevokedCertificate } from './authority/certificate.ts'
export type { AuthorityKeys, Certificates } from './authority/chain.ts'
export type { AuthorityChanges, Change } from './authority/changes.ts'
export { ENDORSEMENTS_HOLD_SECONDS } from './authority/endorsements.ts'
export { generateKeyPair, type KeyPair } from './authority/keys.ts'
export type { SimulatedMeasurements } from './authority/make-quote.ts'
export type { QeReport, QuoteHeader, SignatureData, TdReport } from './authority/quote.ts'
export type { PckPlatform } from './authority/sgx-extension.ts'
export {
  type AnySimulatorError,
  isSimulatorError,
  SIMULATOR_CATALOGUE,
  SimulatorError,
  type SimulatorErrorDetails,
} from './errors.ts'
export { type Installation, type MeasureOptions, measureFiles, measureInstallation } from './installation/measure.ts'
export { createMockAuthority, MOCK_MEASUREMENTS, type MockAuthority, type MockSourceOptions } from './mock-authority.ts'
export { openSimulator, type Simulator, type SimulatorOptions } from './simulator.ts'
