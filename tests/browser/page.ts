import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

declare global {
  interface Window {
    /** The built SDK, as the page loads it. */
    readonly blindai: typeof import('@blindai/client')
  }
}

const PAGE = `<!doctype html><meta charset="utf-8"><title>BlindAI in a page</title>
<script type="module">import * as blindai from '/blindai.js'; window.blindai = blindai</script>`

/** Builds the SDK as it is published and serves a page that loads it. */
export async function servePage(outDir: string): Promise<{ readonly url: string; close(): Promise<void> }> {
  const root = fileURLToPath(new URL('../../packages/client', import.meta.url))
  await build({
    root,
    configFile: join(root, 'vite.config.ts'),
    logLevel: 'error',
    build: { outDir, emptyOutDir: true },
  })
  const script = await readFile(join(outDir, 'blindai.js'))
  const server = createServer((request, response) => {
    if (request.url === '/blindai.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(script)
    else response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the page has no port')
  return {
    url: `http://localhost:${address.port}/`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
