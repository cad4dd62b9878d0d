import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chromium, type Page } from 'playwright'

const CHROMIUM = process.env.BLINDAI_CHROMIUM ?? '/usr/bin/chromium'
const ARGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync']

/**
 * Runs work in an empty page of the system's Chromium, on this machine's own address, where WebCrypto is.
 *
 * @param files - modules by their names, which the page can import from `/`.
 */
export async function inPage<T>(
  files: ReadonlyMap<string, string>,
  work: (page: Page, version: string) => Promise<T>,
): Promise<T> {
  const server = createServer(({ url }, response) => {
    const module = files.get(url?.slice(1) ?? '')
    response.setHeader('content-type', module === undefined ? 'text/html' : 'text/javascript')
    response.end(module ?? '<!doctype html>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS })
  try {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${portOf(server.address())}/`)
    return await work(page, browser.version())
  } finally {
    await browser.close()
    server.close()
  }
}

function portOf(address: string | AddressInfo | null): number {
  if (typeof address !== 'object' || address === null) throw new TypeError('not a port')
  return address.port
}
