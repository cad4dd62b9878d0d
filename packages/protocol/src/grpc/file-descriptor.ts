import { ProtobufReader } from './protobuf-reader.ts'

/** A `.proto` file as descriptors say it, as far as whoever looks for it needs. */
export interface GrpcFileDescriptor {
  readonly name: string
  /** The `FileDescriptorProto`. */
  readonly bytes: Uint8Array
  /** Full names. */
  readonly services: readonly string[]
  /** Full names of messages, enumerations, services and methods. */
  readonly symbols: readonly string[]
}

/**
 * The files of a `FileDescriptorSet`.
 *
 * Source: Protocol Buffers, `descriptor.proto`. The numbers of fields are those of its messages, named beside them.
 *
 * @throws {ProtocolError} `NOT_PROTOBUF`; {MalformedError} `NOT_UTF8`, `TOO_LONG`, `DUPLICATE_MEMBER`.
 */
export function parseGrpcDescriptorSet(set: Uint8Array): GrpcFileDescriptor[] {
  return fieldsOf(set, 'FileDescriptorSet', 1).map(fileOf)
}

function fileOf(bytes: Uint8Array): GrpcFileDescriptor {
  const scope = nameOf(bytes, 'FileDescriptorProto', 2)
  const inScope = (name: string): string => (scope === '' ? name : `${scope}.${name}`)
  const services = fieldsOf(bytes, 'FileDescriptorProto', 6)
  return {
    name: nameOf(bytes, 'FileDescriptorProto', 1),
    bytes,
    services: services.map((service) => inScope(nameOf(service, 'ServiceDescriptorProto', 1))),
    symbols: [
      ...fieldsOf(bytes, 'FileDescriptorProto', 4).flatMap((message) => symbolsOf(message, inScope)),
      ...fieldsOf(bytes, 'FileDescriptorProto', 5).map((one) => inScope(nameOf(one, 'EnumDescriptorProto', 1))),
      ...services.flatMap((service) => {
        const name = inScope(nameOf(service, 'ServiceDescriptorProto', 1))
        const methods = fieldsOf(service, 'ServiceDescriptorProto', 2)
        return [name, ...methods.map((method) => `${name}.${nameOf(method, 'MethodDescriptorProto', 1)}`)]
      }),
    ],
  }
}

/** A message with all that is declared in it. */
function symbolsOf(message: Uint8Array, inScope: (name: string) => string): string[] {
  const full = inScope(nameOf(message, 'DescriptorProto', 1))
  const inMessage = (name: string): string => `${full}.${name}`
  return [
    full,
    ...fieldsOf(message, 'DescriptorProto', 3).flatMap((nested) => symbolsOf(nested, inMessage)),
    ...fieldsOf(message, 'DescriptorProto', 4).map((one) => inMessage(nameOf(one, 'EnumDescriptorProto', 1))),
  ]
}

function nameOf(message: Uint8Array, type: string, number: number): string {
  const reader = new ProtobufReader(type, message)
  let name = ''
  for (let at = reader.next(); at !== undefined; at = reader.next()) {
    if (at !== number) continue
    reader.once(number, 'name')
    name = reader.name('name')
  }
  return name
}

function fieldsOf(message: Uint8Array, type: string, number: number): Uint8Array[] {
  const reader = new ProtobufReader(type, message)
  const fields: Uint8Array[] = []
  for (let at = reader.next(); at !== undefined; at = reader.next()) if (at === number) fields.push(reader.bytes())
  return fields
}
