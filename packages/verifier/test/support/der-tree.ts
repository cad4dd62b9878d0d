import { concatBytes } from '@blindai/core'
import { isVerifierError } from '../../src/errors/verifier-error.ts'
import { DerReader } from '../../src/x509/der-reader.ts'

/** A DER value as a tree; of a constructed one, `parts` are what is inside. */
export interface DerNode {
  readonly tag: number
  readonly content: Uint8Array
  readonly parts: readonly DerNode[] | undefined
}

export const NULL: DerNode = { tag: 5, content: new Uint8Array(), parts: undefined }

/** The one value that the bytes are. */
export function derTree(der: Uint8Array): DerNode {
  const [whole] = read(new DerReader('test', der))
  if (whole === undefined) throw new Error('an empty vector')
  return whole
}

function read(reader: DerReader): readonly DerNode[] {
  const nodes: DerNode[] = []
  while (!reader.done) {
    const element = reader.any('value')
    const isConstructed = (element.tag & 0x20) !== 0
    const parts = isConstructed ? read(reader.inside(element, 'value')) : undefined
    nodes.push({ tag: element.tag, content: element.content, parts })
  }
  return nodes
}

/** The bytes of a tree. */
export function written({ tag, content, parts }: DerNode): Uint8Array {
  const body = parts === undefined ? content : concatBytes(...parts.map(written))
  const { byteLength: length } = body
  const octets = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return concatBytes(Uint8Array.of(tag, ...octets), body)
}

/** The tree once for each of its nodes but the first, changed there. */
export function* variants(node: DerNode, change: (node: DerNode) => DerNode | undefined): Generator<DerNode> {
  for (const [i, part] of (node.parts ?? []).entries()) {
    const replaced = (other: DerNode): DerNode => ({
      ...node,
      parts: node.parts?.map((one, at) => (at === i ? other : one)),
    })
    const changed = change(part)
    if (changed !== undefined) yield replaced(changed)
    for (const deeper of variants(part, change)) yield replaced(deeper)
  }
}

/** A constructed value with one more value at its end. */
export const followed = (node: DerNode): DerNode | undefined => node.parts && { ...node, parts: [...node.parts, NULL] }

/** Where the reader stood and what should have been there; the code of any other refusal. */
export function refusalOf(parse: () => unknown): string {
  try {
    parse()
    return 'accepted'
  } catch (error) {
    if (!isVerifierError(error)) throw error
    return error.code === 'NOT_DER' ? `${error.details.field}: ${error.details.expected}` : error.code
  }
}
