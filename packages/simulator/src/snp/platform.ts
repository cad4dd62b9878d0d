/** The security version of each part; `fmc` on Turin only. */
export interface MockSnpTcb {
  readonly fmc?: number
  readonly bootLoader: number
  readonly tee: number
  readonly snp: number
  readonly microcode: number
}

/** A processor that does not exist, and the key that it signs with. */
export interface SnpPlatform {
  readonly product: 'Milan' | 'Genoa' | 'Turin'
  readonly signingKey: 'VCEK' | 'VLEK'
  /** The TCB that the certificate is for. */
  readonly certified: MockSnpTcb
  /** 64 bytes, on Turin 8. */
  readonly hwId: Uint8Array
  /** To whom a VLEK is lent. */
  readonly provider: string
  /** Family, model, stepping. */
  readonly cpuId: Uint8Array
}

const COMMON = { bootLoader: 4, tee: 0, snp: 0x1d, microcode: 0xdb }

/** The processors that mock authorities have. */
export const SNP_PLATFORMS: { readonly [P in SnpPlatform['product']]: Omit<SnpPlatform, 'signingKey'> } = {
  Milan: platform('Milan', COMMON, 64, [0x19, 0x01, 0x01]),
  Genoa: platform('Genoa', COMMON, 64, [0x19, 0x11, 0x01]),
  Turin: platform('Turin', { fmc: 1, ...COMMON }, 8, [0x1a, 0x02, 0x01]),
}

function platform(
  product: SnpPlatform['product'],
  certified: MockSnpTcb,
  hwIdBytes: number,
  cpuId: readonly number[],
): Omit<SnpPlatform, 'signingKey'> {
  const hwId = Uint8Array.from({ length: hwIdBytes }, (_, i) => 0xb1 ^ i)
  return { product, certified, hwId, provider: 'CN=provider.example', cpuId: new Uint8Array(cpuId) }
}

/** TCB_VERSION, 8 bytes. Source: AMD 56860, "TCB_VERSION Structure". */
export function tcbBytes({ fmc, bootLoader, tee, snp, microcode }: MockSnpTcb): Uint8Array {
  return fmc === undefined
    ? Uint8Array.of(bootLoader, tee, 0, 0, 0, 0, snp, microcode)
    : Uint8Array.of(fmc, bootLoader, tee, snp, 0, 0, 0, microcode)
}
