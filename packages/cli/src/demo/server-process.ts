import { type ChildProcess, spawn } from 'node:child_process'
import { extname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { IsolationLevel, JsonObject } from '@blindai/core'
import { CliError } from '../cli-error.ts'
import { isJsonObject } from '../json-object.ts'

const STOP_DEADLINE_MS = 5000
const KEPT_STDERR_CHARACTERS = 2000

/** What `blindai serve --json` says when it listens. */
export interface Listening {
  readonly url: string
  readonly plainUrl: string
  readonly keyFile: string
  readonly isolation: IsolationLevel
  /** What the wall around engines lacks, each in a few words. */
  readonly missing: readonly string[]
  readonly readyMs: number
  readonly pid: number
}

/** A server in a process of its own, which ends when this process does, however that happens. */
export interface ServerProcess extends Listening {
  /** Rejects when the server ends by itself. */
  readonly ended: Promise<never>
  stop(): Promise<void>
}

/**
 * Starts `blindai serve` as a child and waits until it listens.
 *
 * @throws {CliError} `SERVER_ENDED` when it ends instead.
 */
export async function startServerProcess(args: readonly string[], interrupted: AbortSignal): Promise<ServerProcess> {
  const form = extname(import.meta.url)
  const main = fileURLToPath(new URL(`../main${form}`, import.meta.url))
  const sources = form === '.ts' ? ['--conditions=source'] : []
  const child = spawn(process.execPath, [...sources, main, 'serve', '--json', '--end-with-stdin', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // A Ctrl-C at the terminal reaches this process alone; closing stdin is what ends the server.
    detached: true,
  })
  let stderr = ''
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', (text: string) => {
    stderr = `${stderr}${text}`.slice(-KEPT_STDERR_CHARACTERS)
  })
  const listening = Promise.withResolvers<Listening>()
  let refusal: string | undefined
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = parseLine(line) ?? {}
    const facts = listeningOf(message)
    if (facts !== undefined) listening.resolve(facts)
    if (isJsonObject(message.error)) refusal = `${message.error.code}: ${message.error.message}`
  })
  const ended = new Promise<never>((_, reject) => {
    child.once('error', (cause) => {
      reject(new CliError('SERVER_ENDED', { exitCode: null, reason: cause.message }, { cause }))
    })
    child.once('close', (exitCode) => {
      reject(new CliError('SERVER_ENDED', { exitCode, reason: refusal ?? reasonIn(stderr) }))
    })
  })
  ended.catch(listening.reject)
  const abandon = (): void => listening.reject(interrupted.reason)
  interrupted.addEventListener('abort', abandon, { once: true })
  try {
    const facts = await listening.promise
    return { ...facts, ended, stop: () => stop(child) }
  } catch (error) {
    await stop(child)
    throw error
  } finally {
    interrupted.removeEventListener('abort', abandon)
  }
}

/** The line of a crash that says what happened; without one, the last. */
function reasonIn(stderr: string): string {
  const lines = stderr.trim().split('\n')
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? ''
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  child.once('close', () => resolve())
  child.stdin?.end()
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS)
  await closed
  clearTimeout(timer)
}

function parseLine(line: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isJsonObject(value) ? value : undefined
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined
    throw cause
  }
}

/** The event `listening` with all that the demo needs, or undefined. */
function listeningOf(message: JsonObject): Listening | undefined {
  const { event, url, plainUrl, keyFile, isolation, missing, readyMs, pid } = message
  if (event !== 'listening' || typeof url !== 'string' || typeof plainUrl !== 'string') return undefined
  if (typeof keyFile !== 'string' || typeof readyMs !== 'number' || typeof pid !== 'number') return undefined
  if (isolation !== 'full' && isolation !== 'reduced' && isolation !== 'none') return undefined
  if (!Array.isArray(missing)) return undefined
  return { url, plainUrl, keyFile, isolation, missing: missing.map(String), readyMs, pid }
}
