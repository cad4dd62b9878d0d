import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, X509Certificate } from 'node:crypto'
import { type FileHandle, link, mkdir, open, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  equalBytes,
  fromBase64Url,
  fromUtf8,
  isMalformedError,
  type JsonValue,
  parseJson,
  toBase64Url,
  type UnixSeconds,
  utf8,
} from '@blindai/core'
import { issueRoot, ROOT_NAME } from './authority/chain.ts'
import { generateKeyPair, type KeyPair } from './authority/keys.ts'
import { SimulatorError, systemErrorCode } from './errors.ts'

/**
 * The root of an installation: one file in the state folder, made at the first start and only read after.
 *
 * The key in it is guarded by file permissions and nothing else. Whoever reads it can forge this installation's evidence,
 * which is no loss: simulated evidence protects nothing.
 */

/** A root key and the DER of its certificate. */
export interface RootState {
  readonly key: KeyPair
  readonly certificate: Uint8Array
}

const FILE_NAME = 'simulated-root.json'
/** A root takes about 1 KB. */
const MAX_FILE_BYTES = 16 * 1024
/** Permission bits of anyone but the owner. */
const OTHERS = 0o077

/**
 * The root kept in a folder; made, with the folder, when there is none. Processes that start at once agree: one of them
 * makes the root, the others read it.
 *
 * @throws {SimulatorError} `STATE_CORRUPT`, `STATE_NOT_PRIVATE`, `STATE_UNUSABLE`.
 */
export async function loadRoot(stateDir: string, now: UnixSeconds): Promise<RootState> {
  const file = join(stateDir, FILE_NAME)
  try {
    return (await readRoot(file, now)) ?? (await makeRoot(file, now))
  } catch (cause) {
    const reason = systemErrorCode(cause)
    if (reason === undefined) throw cause
    throw new SimulatorError('STATE_UNUSABLE', { file, reason }, { cause })
  }
}

async function readRoot(file: string, now: UnixSeconds): Promise<RootState | undefined> {
  const handle = await openIfThere(file)
  if (handle === undefined) return undefined
  try {
    const { mode, size } = await handle.stat()
    if ((mode & OTHERS) !== 0) {
      throw new SimulatorError('STATE_NOT_PRIVATE', { file, mode: (mode & 0o777).toString(8).padStart(4, '0') })
    }
    if (size > MAX_FILE_BYTES) throw corrupt(file, `it has ${size} bytes, and a root has at most ${MAX_FILE_BYTES}`)
    return parseRoot(file, new Uint8Array(await handle.readFile()), now)
  } finally {
    await handle.close()
  }
}

async function openIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'r')
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Writes a whole file under another name and gives it its own name last, by a link, which fails where the name is taken.
 * So the name never stands for half a file, and the first of several processes wins.
 */
async function makeRoot(file: string, now: UnixSeconds): Promise<RootState> {
  const key = generateKeyPair()
  const root: RootState = { key, certificate: issueRoot(key, now) }
  const folder = dirname(file)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const draft = `${file}.${randomBytes(8).toString('hex')}.tmp`
  const handle = await open(draft, 'wx', 0o600)
  try {
    await handle.writeFile(serialize(root))
    await handle.sync()
    await handle.close()
    await link(draft, file)
    await syncFolder(folder)
    return root
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error
    const winner = await readRoot(file, now)
    if (winner === undefined) throw corrupt(file, 'it was removed while this process started', error)
    return winner
  } finally {
    await handle.close()
    await unlink(draft)
  }
}

/** Makes a new name outlive a power cut. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function serialize(root: RootState): Uint8Array {
  const privateKey = new Uint8Array(root.key.privateKey.export({ type: 'pkcs8', format: 'der' }))
  const text = JSON.stringify({
    version: 1,
    warning: 'the root of a simulated TEE: it protects nothing',
    privateKey: toBase64Url(privateKey),
    certificate: toBase64Url(root.certificate),
  })
  return utf8(`${text}\n`)
}

function parseRoot(file: string, bytes: Uint8Array, now: UnixSeconds): RootState {
  try {
    const json = parseJson('simulated root', fromUtf8('simulated root', bytes))
    if (!isObject(json) || json.version !== 1) throw corrupt(file, 'it is not a simulated root of version 1')
    const privateKey = parsePrivateKey(file, member(file, json.privateKey, 'privateKey'))
    const certificate = member(file, json.certificate, 'certificate')
    checkCertificate(file, certificate, privateKey, now)
    return { key: { privateKey, publicKey: createPublicKey(privateKey) }, certificate }
  } catch (cause) {
    if (isMalformedError(cause)) throw corrupt(file, cause.message, cause)
    throw cause
  }
}

function isObject(value: JsonValue): value is { readonly [member: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function member(file: string, value: JsonValue | undefined, name: string): Uint8Array {
  if (typeof value !== 'string') throw corrupt(file, `the member ${name} is not text`)
  return fromBase64Url(name, value)
}

function parsePrivateKey(file: string, der: Uint8Array): KeyObject {
  const key = orCorrupt(file, 'the private key cannot be read', () =>
    createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }),
  )
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw corrupt(file, 'the private key is not of P-256')
  return key
}

function checkCertificate(file: string, der: Uint8Array, key: KeyObject, now: UnixSeconds): void {
  const certificate = orCorrupt(file, 'the certificate cannot be read', () => new X509Certificate(der))
  if (!equalBytes(der, certificate.raw)) throw corrupt(file, 'the certificate is followed by other bytes')
  if (!certificate.checkPrivateKey(key)) throw corrupt(file, 'the certificate is of another key')
  if (!certificate.verify(certificate.publicKey)) throw corrupt(file, 'the certificate is not signed by its key')
  if (!certificate.subject.split('\n').includes(`CN=${ROOT_NAME.commonName}`)) {
    throw corrupt(file, 'the certificate does not name a simulated root')
  }
  const from = Date.parse(certificate.validFrom) / 1000
  const to = Date.parse(certificate.validTo) / 1000
  if (now < from || now > to) {
    throw corrupt(file, `the certificate is valid from ${certificate.validFrom} to ${certificate.validTo}`)
  }
}

/** Runs a parser of `node:crypto`; whatever it throws means that the file is corrupt. */
function orCorrupt<T>(file: string, reason: string, parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    throw corrupt(file, reason, cause)
  }
}

function corrupt(file: string, reason: string, cause?: unknown): SimulatorError {
  return new SimulatorError('STATE_CORRUPT', { file, reason }, { cause })
}
