import type { CpuId } from './report.ts'

/** A line of processors with an authority of its own. Genoa stands for Bergamo and Siena too. */
export type SnpProduct = 'Milan' | 'Genoa' | 'Turin'

export const SNP_PRODUCTS: readonly SnpProduct[] = ['Milan', 'Genoa', 'Turin']

/** Source: AMD 57230, "Determining the Product Name"; the Processor Programming References of these families. */
const MODELS: readonly { readonly product: SnpProduct; readonly family: number; readonly models: readonly number[] }[] =
  [
    { product: 'Milan', family: 0x19, models: [0x00, 0x0f] },
    { product: 'Genoa', family: 0x19, models: [0x10, 0x1f] },
    { product: 'Genoa', family: 0x19, models: [0xa0, 0xaf] },
    { product: 'Turin', family: 0x1a, models: [0x00, 0x1f] },
  ]

/** The product that a processor is of; undefined when it is none that is known here. */
export function productOf({ family, model }: CpuId): SnpProduct | undefined {
  return MODELS.find((row) => {
    const [first = 0, last = 0] = row.models
    return row.family === family && first <= model && model <= last
  })?.product
}

/** The product that an endorsement key's certificate names: with the stepping for some (`Milan-B0`), without for others. */
export function parseProductName(name: string): SnpProduct | undefined {
  const [, product] = /^(Milan|Genoa|Turin)(?:-[A-Z][0-9])?$/.exec(name) ?? []
  return SNP_PRODUCTS.find((one) => one === product)
}
