import { readFile } from 'node:fs/promises'
import { Agent, get } from 'node:https'
import { connect, isBlindAiError } from '../src/index.ts'

/**
 * Run with a hostile environment: prints what node:https makes of a server whose certificate the environment trusts, and
 * what this package makes of it.
 */
const [url = '', policyFile = ''] = process.argv.slice(2)

const status = await new Promise<number | undefined>((resolve, reject) => {
  get(url, { agent: new Agent() }, (response) => resolve(response.resume().statusCode)).once('error', reject)
})

try {
  const session = await connect({ url, policy: await readFile(policyFile, 'utf8') })
  await session.close()
  process.stdout.write(JSON.stringify({ https: status, code: 'ACCEPTED' }))
} catch (error) {
  if (!isBlindAiError(error)) throw error
  const reason = error.code === 'EVIDENCE_REFUSED' ? error.details.reason : ''
  process.stdout.write(JSON.stringify({ https: status, code: error.code, reason }))
}
