import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type DcapEndorsements, fromBase64Url, type SnpEndorsements, toHex, utf8 } from '@blindai/core'

/** Local services in the form of Intel's and AMD's, which serve the bytes that a test gives and fail as it says. */

/** An answer as it goes out. */
export interface Served {
  readonly status?: number
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: Uint8Array
}

/** Takes over an answer: writes something else, or nothing. */
export type Fault = (response: ServerResponse, served: Served) => void

export interface FakeService {
  readonly url: string
  /** Path and query of each request, in order. */
  readonly asked: string[]
  /** What is at a path from now on; by `undefined` nothing. */
  serve(path: string, served: Served | undefined): void
  /** What is wrong with every path that has this part, until it is `undefined`. */
  break(part: string, fault: Fault | undefined): void
  close(): Promise<void>
}

export interface FakeTls {
  readonly key: string
  readonly cert: string
}

export async function startFake(tls?: FakeTls): Promise<FakeService> {
  const asked: string[] = []
  const paths = new Map<string, Served>()
  const faults = new Map<string, Fault>()
  const listener: RequestListener = (request, response) => {
    const path = request.url ?? ''
    asked.push(path)
    const served = paths.get(path) ?? { status: 404, headers: { 'content-type': 'text/plain' }, body: utf8('No.') }
    const [, fault = answer] = [...faults].find(([part]) => path.includes(part)) ?? []
    fault(response, served)
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer({ ...tls }, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    asked,
    serve: (path, served) => void (served === undefined ? paths.delete(path) : paths.set(path, served)),
    break: (part, fault) => void (fault === undefined ? faults.delete(part) : faults.set(part, fault)),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export const answer: Fault = (response, { status = 200, headers, body }) => {
  response.writeHead(status, { ...headers, 'content-length': body.byteLength })
  response.end(body)
}

/** Faults by what they do. */
export const FAULTS = {
  status:
    (status: number, headers: Readonly<Record<string, string>> = {}): Fault =>
    (response) =>
      response.writeHead(status, headers).end(),
  /** Never a byte. */
  silent: () => undefined,
  /** Announces all and sends half. */
  cut: (response: ServerResponse, served: Served) => {
    response.writeHead(200, { ...served.headers, 'content-length': served.body.byteLength })
    response.write(served.body.subarray(0, served.body.byteLength >> 1))
    setTimeout(() => response.destroy(), 20)
  },
  /** Ends a chunked body without its last chunk. */
  cutChunked: (response: ServerResponse, served: Served) => {
    response.writeHead(200, { ...served.headers, 'transfer-encoding': 'chunked' })
    response.write(served.body)
    setTimeout(() => response.destroy(), 20)
  },
  /** One byte, then nothing. */
  dripping: (response: ServerResponse, served: Served) => {
    response.writeHead(200, { ...served.headers, 'content-length': served.body.byteLength })
    response.write(served.body.subarray(0, 1))
  },
  /** Announces far too much, and would send it. */
  hugeAnnounced: (response: ServerResponse, served: Served) => {
    response.writeHead(200, { ...served.headers, 'content-length': 1 << 30 })
    response.write(served.body)
  },
  /** Sends without end, and announces nothing. */
  endless: (response: ServerResponse, served: Served) => {
    response.writeHead(200, { ...served.headers })
    const chunk = new Uint8Array(65_536).fill(0x20)
    const more = (): void => {
      while (!response.destroyed && response.write(chunk));
      if (!response.destroyed) response.once('drain', more)
    }
    more()
  },
  /** Writes to the socket itself, and ends it. */
  raw:
    (text: string): Fault =>
    (response) =>
      response.socket?.end(text),
  reset: (response: ServerResponse) => response.socket?.resetAndDestroy(),
  with:
    (changed: Partial<Served>): Fault =>
    (response, served) =>
      answer(response, { ...served, ...changed, headers: { ...served.headers, ...changed.headers } }),
  withoutHeader:
    (name: string): Fault =>
    (response, served) =>
      answer(response, {
        ...served,
        headers: Object.fromEntries(Object.entries(served.headers).filter(([header]) => header !== name)),
      }),
} as const

/** What differs between Intel's service and a caching one. */
export interface DcapForm {
  readonly tee: 'tdx' | 'sgx'
  readonly fmspc: string
  readonly ca: 'platform' | 'processor'
  /** Query of TCB info and QE identity besides, as `&update=early`. */
  readonly more?: string
}

/** Puts endorsements where Intel's service has them, in its form. Source: Intel PCS API v4. */
export function serveDcap(service: FakeService, endorsements: DcapEndorsements, form: DcapForm): void {
  const { tee, fmspc, ca, more = '' } = form
  const der = (text: string): Uint8Array => fromBase64Url('DER', text)
  const json = { 'content-type': 'application/json' }
  service.serve(`/sgx/certification/v4/pckcrl?ca=${ca}&encoding=der`, {
    headers: {
      'content-type': 'application/pkix-crl',
      'SGX-PCK-CRL-Issuer-Chain': encodeURIComponent(endorsements.pckCrlIssuerChain),
    },
    body: der(endorsements.pckCrl),
  })
  service.serve('/sgx/certification/v4/rootcacrl', {
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: utf8(toHex(der(endorsements.rootCaCrl))),
  })
  service.serve('/IntelSGXRootCA.der', {
    headers: { 'content-type': 'application/octet-stream' },
    body: der(endorsements.rootCaCrl),
  })
  service.serve(`/${tee}/certification/v4/tcb?fmspc=${fmspc}${more}`, {
    headers: { ...json, 'TCB-Info-Issuer-Chain': encodeURIComponent(endorsements.tcbInfoIssuerChain) },
    body: utf8(endorsements.tcbInfo),
  })
  service.serve(`/${tee}/certification/v4/qe/identity${more.replace('&', '?')}`, {
    headers: {
      ...json,
      'SGX-Enclave-Identity-Issuer-Chain': encodeURIComponent(endorsements.qeIdentityIssuerChain),
    },
    body: utf8(endorsements.qeIdentity),
  })
}

/** Puts endorsements where AMD's service has them, in its form. Source: AMD 57230, chapter 4. */
export function serveSnp(service: FakeService, endorsements: SnpEndorsements, product: string, leaf: string): void {
  const base = `/${endorsements.vlek === undefined ? 'vcek' : 'vlek'}/v1/${product}`
  if (endorsements.vcek !== undefined) {
    service.serve(`${base}/${leaf}`, {
      headers: { 'content-type': 'application/pkix-cert' },
      body: fromBase64Url('VCEK', endorsements.vcek),
    })
  }
  service.serve(`${base}/cert_chain`, {
    headers: { 'content-type': 'application/x-pem-file' },
    body: utf8(endorsements.chain),
  })
  service.serve(`${base}/crl`, {
    headers: { 'content-type': 'application/pkix-crl' },
    body: fromBase64Url('CRL', endorsements.crl ?? ''),
  })
}
