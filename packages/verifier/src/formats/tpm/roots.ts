/**
 * SHA-256 of the DER of the authorities whose chains certify attestation keys of cloud vTPMs, and of nothing else that could
 * sign a quote.
 *
 * Google's older keys are certified by two authorities whose root is not published with them, so that they are pinned
 * themselves. No attestation key of the newer root of Google, or of Azure's, was at hand: those two are pinned by their
 * certificates alone.
 *
 * Source: `vectors/attestation/tpm`: Google's from go-tpm-tools, `server/ca-certs`; Azure's "Virtual TPM Root Certificate
 * Authority 2023".
 */
export const CLOUD_AK_ROOT_SHA256: {
  readonly [Name in 'googleEkAkRoot' | 'googleSigner2' | 'googleSigner3' | 'azureRoot2023']: string
} = {
  googleEkAkRoot: '594759594b9b61524f6c8ef668f7177f7b9066bc0674f2f49fe9e052be78beb2',
  googleSigner2: '5d8dbcf8c8053dd8ffad711b6219355032b7122c34cac0f90ccb49def69ec504',
  googleSigner3: '7132b6ea71101f6c51bb58f98c3798c19b65be510eca0344318900510b593178',
  azureRoot2023: 'e6c596b17f8ffefba5c300f714cfb1260c6028704ecf7becc4ab5018efb00e95',
}
