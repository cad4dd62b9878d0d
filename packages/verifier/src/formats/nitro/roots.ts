/**
 * SHA-256 of the DER of the root G1 of the AWS Nitro Enclaves attestation PKI, for all commercial regions.
 *
 * Source: AWS's certificate, `vectors/attestation/nitro/aws-nitro-root-g1.pem`; valid from 2019-10-28 to 2049-10-28.
 */
export const AWS_NITRO_ROOT_SHA256: string = '641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b'
