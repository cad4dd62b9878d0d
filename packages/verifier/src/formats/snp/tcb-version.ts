import { ByteReader, isZero } from '@blindai/core'
import { VerifierError } from '../../errors/verifier-error.ts'
import type { SnpProduct } from './product.ts'

/** A part of the TCB that has a security version. */
export type SnpTcbComponent = 'fmc' | 'bootLoader' | 'tee' | 'snp' | 'microcode'

/** The security version of each part, 0 to 255. `fmc` on Turin only. */
export interface SnpTcb extends Readonly<Record<Exclude<SnpTcbComponent, 'fmc'>, number>> {
  readonly fmc?: number
}

/** The parts, lowest first. */
export const SNP_TCB_COMPONENTS: readonly SnpTcbComponent[] = ['fmc', 'bootLoader', 'tee', 'snp', 'microcode']

/** The four TCB versions of a report, as AMD names them. */
export type SnpTcbName = 'reported' | 'committed' | 'current' | 'launch'

export const SNP_TCB_NAMES: readonly SnpTcbName[] = ['reported', 'committed', 'current', 'launch']

/** The parts that a product has. */
export function componentsOf(product: SnpProduct): readonly SnpTcbComponent[] {
  return product === 'Turin' ? SNP_TCB_COMPONENTS : SNP_TCB_COMPONENTS.filter((component) => component !== 'fmc')
}

/**
 * Parses a TCB version of a product.
 *
 * Source: AMD 56860, "TCB_VERSION Structure", for Milan and Genoa and for Turin. 8 bytes.
 *
 * @param field - names it in errors.
 * @throws {VerifierError} `RESERVED_NOT_ZERO`.
 */
export function parseSnpTcb(field: string, bytes: Uint8Array, product: SnpProduct): SnpTcb {
  const r = new ByteReader(field, bytes)
  const { reserved, ...tcb } = product === 'Turin' ? readTurin(r) : readMilan(r)
  r.end()
  if (!isZero(reserved)) throw new VerifierError('RESERVED_NOT_ZERO', { field: `${field} RESERVED` })
  return tcb
}

function readMilan(r: ByteReader): SnpTcb & { readonly reserved: Uint8Array } {
  // biome-ignore format: one row per row of the specification's table
  return {
    bootLoader: r.u8   (0,    'BOOT_LOADER'),
    tee:        r.u8   (1,    'TEE'),
    reserved:   r.bytes(2, 4, 'RESERVED'),
    snp:        r.u8   (6,    'SNP'),
    microcode:  r.u8   (7,    'MICROCODE'),
  }
}

function readTurin(r: ByteReader): SnpTcb & { readonly reserved: Uint8Array } {
  // biome-ignore format: one row per row of the specification's table
  return {
    fmc:        r.u8   (0,    'FMC'),
    bootLoader: r.u8   (1,    'BOOT_LOADER'),
    tee:        r.u8   (2,    'TEE'),
    snp:        r.u8   (3,    'SNP'),
    reserved:   r.bytes(4, 3, 'RESERVED'),
    microcode:  r.u8   (7,    'MICROCODE'),
  }
}

/** The first part in which a version is lower than another; undefined when there is none. */
export function lowerComponent(
  has: SnpTcb,
  needs: SnpTcb,
): { readonly component: SnpTcbComponent; readonly has: number; readonly needs: number } | undefined {
  return lowerComponents(has, needs)[0]
}

/** All parts in which a version is lower than another. */
export function lowerComponents(
  has: SnpTcb,
  needs: SnpTcb,
): readonly { readonly component: SnpTcbComponent; readonly has: number; readonly needs: number }[] {
  return SNP_TCB_COMPONENTS.map((component) => ({
    component,
    has: has[component] ?? 0,
    needs: needs[component] ?? 0,
  })).filter((row) => row.has < row.needs)
}
