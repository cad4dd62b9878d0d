/**
 * SHA-256 of the DER of the roots of NVIDIA: of the identity of its devices, and of its reference integrity manifests.
 *
 * Source: NVIDIA's certificates, `vectors/attestation/nvidia/nvidia-device-root.pem`, valid from 2021-11-05 without an end, and
 * `nvidia-rim-root.pem`, valid from 2023-03-16 to 2053-03-08.
 */
export const NVIDIA_DEVICE_ROOT_SHA256: string = '102bf659d5419614c9d8e6aecebc80454eb26b1df6a769ac720b9a690b167b48'
export const NVIDIA_RIM_ROOT_SHA256: string = '12977b5115acb0381179279fffeb5a8c4d264971ebb32298023a465fa41df5d1'
