import { type GrpcFileDescriptor, parseGrpcDescriptorSet } from '@blindai/protocol'
import { DESCRIPTOR_SETS } from './descriptors.ts'

/** The `.proto` files whose services are served. No file needs another. */
const FILES: readonly GrpcFileDescriptor[] = DESCRIPTOR_SETS.flatMap((set) =>
  parseGrpcDescriptorSet(new Uint8Array(Buffer.from(set, 'base64'))),
)

const BY_NAME: ReadonlyMap<string, GrpcFileDescriptor> = new Map(FILES.map((file) => [file.name, file]))

const BY_SYMBOL: ReadonlyMap<string, GrpcFileDescriptor> = new Map(
  FILES.flatMap((file) => file.symbols.map((symbol) => [symbol, file] as const)),
)

/** The full names of the services. */
export const SERVICES: readonly string[] = FILES.flatMap(({ services }) => services)

/** A file by its name, such as `inference.proto`. */
export function fileByName(name: string): GrpcFileDescriptor | undefined {
  return BY_NAME.get(name)
}

/** The file that declares a message, an enumeration, a service or a method. */
export function fileOfSymbol(symbol: string): GrpcFileDescriptor | undefined {
  return BY_SYMBOL.get(symbol)
}
