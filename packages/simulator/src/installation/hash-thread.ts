import { Worker } from 'node:worker_threads'
import { SimulatorError, systemErrorCode } from '../errors.ts'

/**
 * The SHA-384 of a large file, hashed beside the main thread. Lower-case hex.
 *
 * @param name - names the file in the error.
 * @throws {SimulatorError} `FILE_NOT_MEASURABLE`.
 */
export function hashInThread(name: string, path: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const worker = new Worker(`(${hashThread.toString()})()`, { eval: true, workerData: path, execArgv: [], env: {} })
  const refuse = (cause?: unknown): void => {
    const reason = systemErrorCode(cause) ?? 'the hashing thread ended'
    reject(new SimulatorError('FILE_NOT_MEASURABLE', { file: name, reason }, { cause }))
  }
  worker.once('message', (digest: unknown) => (typeof digest === 'string' ? resolve(digest) : refuse()))
  worker.once('error', refuse)
  worker.once('exit', () => refuse())
  return promise
}

/**
 * What the thread runs, passed as text: a thread that loads a TypeScript file takes 90 ms to start, this one 40. It may
 * use nothing from outside its own body.
 */
function hashThread(): void {
  const { closeSync, openSync, readSync } = process.getBuiltinModule('node:fs')
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads')
  const digest = process.getBuiltinModule('node:crypto').createHash('sha384')
  const piece = new Uint8Array(256 * 1024)
  const descriptor = openSync(String(workerData), 'r')
  for (;;) {
    const length = readSync(descriptor, piece, 0, piece.byteLength, null)
    if (length === 0) break
    digest.update(piece.subarray(0, length))
  }
  closeSync(descriptor)
  parentPort?.postMessage(digest.digest('hex'))
}
