import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A server that another installation runs, as its command line starts it. */
export interface InstalledServer {
  readonly url: string
  close(): Promise<void>
}

/**
 * Starts `blindai serve` with the Node binary and the sources of an installation.
 *
 * @param root - the installation's folder, which holds `node`.
 * @param state - where the simulator's root lies.
 */
export async function serveFrom(root: string, state: string): Promise<InstalledServer> {
  const child = spawn(
    join(root, 'node'),
    [
      ...['--conditions=source', join(root, 'packages/cli/src/main.ts'), 'serve', '--simulated', '--json'],
      ...['--port', '0', '--plain-port', '0', '--isolation', 'none', '--state', state, '--end-with-stdin'],
    ],
    { cwd: root, env: { PATH: process.env.PATH }, stdio: ['pipe', 'pipe', 'pipe'] },
  )
  const exited = once(child, 'exit')
  let complaints = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString()
  })
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { event, url } = Object(JSON.parse(line))
    if (event === 'listening') resolve(String(url))
  })
  exited.then(([code]) => reject(new Error(`the server ended with ${code}: ${complaints}`)))
  const url = await promise
  return {
    url,
    async close() {
      child.stdin.end()
      await exited
    },
  }
}
