// Writes the descriptors that server reflection hands out, from the published .proto files, with `protoc` (Debian's package
// protobuf-compiler). That they say what those files say is a test of packages/server, which needs no protoc.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PROTO = join(import.meta.dirname, '../packages/protocol/proto')
const FILE = join(import.meta.dirname, '../packages/server/src/grpc/descriptors.ts')

const FILES = {
  INFERENCE: 'inference.proto',
  HEALTH: 'grpc/health/v1/health.proto',
  REFLECTION: 'grpc/reflection/v1/reflection.proto',
  REFLECTION_ALPHA: 'grpc/reflection/v1alpha/reflection.proto',
}

const LINE = 116

const folder = mkdtempSync(join(tmpdir(), 'blindai-descriptors-'))
try {
  const constants = Object.entries(FILES).map(([name, file]) => {
    const lines = base64Of(file).match(new RegExp(`.{1,${LINE}}`, 'g')) ?? []
    return `const ${name} = \`\n${lines.join('\n')}\n\`\n`
  })
  const parts = [
    '// Generated from the .proto files of @blindai/protocol by `npm run descriptors`; do not edit.\n',
    ...constants,
    '/** The files that are served, in base64, each a `FileDescriptorSet` of one. */',
    `export const DESCRIPTOR_SETS: readonly string[] = [${Object.keys(FILES).join(', ')}]\n`,
  ]
  writeFileSync(FILE, parts.join('\n'))
} finally {
  rmSync(folder, { recursive: true })
}

function base64Of(file: string): string {
  const set = join(folder, 'set')
  execFileSync('protoc', [`--proto_path=${PROTO}`, `--descriptor_set_out=${set}`, file], { stdio: 'inherit' })
  return readFileSync(set).toString('base64')
}
