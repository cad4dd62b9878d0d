import { resolve } from 'node:path'
import { createApiKey } from '@blindai/server'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { writeNew } from '../files.ts'

/** `blindai keys new` */
export const keysNew: Command = {
  path: ['keys', 'new'],
  summary: 'Make an API key and the hash that a configuration holds instead of it.',
  details: `The key is shown once, or written to a file that only you can read. The server never sees it before its first
use: its configuration, or blindai tenants create and blindai keys add, give it the SHA-256.`,
  positionals: [],
  options: {
    out: { type: 'text', value: 'FILE', help: 'Write the key to a new file (mode 0600) and print only the hash.' },
  },
  usesServer: false,
  examples: ['blindai keys new --out owner.key'],
  async run({ terminal, folder, text }) {
    const { key, keySha256 } = createApiKey()
    const out = text('out')
    if (out !== undefined) {
      await writeNew(resolve(folder, out), `${key}\n`, true)
      terminal.line(`key     written to ${out}, readable by you alone`)
    } else {
      terminal.line(`key     ${key}`)
    }
    terminal.line(`sha256  ${keySha256}`)
    terminal.line()
    terminal.line('For the configuration of the server:')
    terminal.line(`  { "name": "me", "role": "owner", "keySha256": "${keySha256}" }`)
    if (out === undefined) terminal.note('The key is shown this once and kept nowhere.')
    terminal.data({ ...(out === undefined ? { key } : { file: out }), keySha256 })
    return EXIT.ok
  },
}
