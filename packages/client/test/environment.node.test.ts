import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { createCertificateAuthority } from './certificates.node.ts'
import { keeper } from './cleanup.ts'
import { createEnclave, mockAuthority, policyFor } from './enclave.node.ts'
import { ATTESTATION, listenTls, relay, seen } from './listeners.node.ts'

const kept = keeper()
const authority = mockAuthority()
const policy = policyFor(authority)
const foreign = createCertificateAuthority('Foreign CA')

describe('the environment of the process', () => {
  test('cannot make another key count: not a trusted authority, not switched-off checks, not a proxy', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'blindai-client-'))
    try {
      const enclave = await createEnclave({ authority })
      const server = kept(
        await listenTls(
          foreign.issue('localhost', '127.0.0.1'),
          relay((nonce) => enclave.document(nonce)),
        ),
      )
      await writeFile(join(folder, 'ca.pem'), foreign.root)
      await writeFile(join(folder, 'policy.json'), JSON.stringify(policyJson()))
      const script = fileURLToPath(new URL('connect-child.node.ts', import.meta.url))
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--conditions=source', '--no-warnings', script, server.url, join(folder, 'policy.json')],
        {
          env: {
            PATH: process.env.PATH,
            NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
            NODE_TLS_REJECT_UNAUTHORIZED: '0',
            NODE_USE_ENV_PROXY: '1',
            HTTPS_PROXY: 'http://127.0.0.1:9',
            https_proxy: 'http://127.0.0.1:9',
          },
        },
      )
      expect(JSON.parse(stdout)).toEqual({
        // What node:https makes of the same server shows that the variables were in force.
        https: 404,
        code: 'EVIDENCE_REFUSED',
        reason: 'CHANNEL_KEY_MISMATCH',
      })
      expect(seen(server)).toEqual(['GET /', `GET ${ATTESTATION}`])
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

function policyJson(): object {
  return {
    version: 1,
    name: 'child',
    trustClasses: ['simulated'],
    simulated: policy.simulated,
  }
}
