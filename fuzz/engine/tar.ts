const BLOCK_BYTES = 512

/** A ustar archive of the given files; a name that ends in a slash is a folder. Source: POSIX.1-2017, pax, ustar. */
export function tarOf(entries: { readonly [name: string]: string | Uint8Array }): Uint8Array {
  const blocks = Object.entries(entries).flatMap(([name, content]) => {
    const bytes = Buffer.from(content)
    const header = Buffer.alloc(BLOCK_BYTES)
    header.write(name, 0)
    header.write('0000644\0', 100)
    header.write('0000000\0', 108)
    header.write('0000000\0', 116)
    header.write(`${bytes.byteLength.toString(8).padStart(11, '0')}\0`, 124)
    header.write('00000000000\0', 136)
    header.write(name.endsWith('/') ? '5' : '0', 156)
    header.write('ustar\x0000', 257, 'latin1')
    header.fill(' ', 148, 156)
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    )
    const padded = Buffer.alloc(Math.ceil(bytes.byteLength / BLOCK_BYTES) * BLOCK_BYTES)
    bytes.copy(padded)
    return [header, padded]
  })
  return new Uint8Array(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]))
}
