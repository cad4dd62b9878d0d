import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import { Duplex } from 'node:stream'
import { isMalformedError } from '@blindai/core'
import { isProtocolError } from '@blindai/protocol'
import type { Frame, FrameKind, FrameLimits } from '../wire/frame.ts'
import { EngineChannel } from './channel.ts'
import type { EngineExit, EngineLimits } from './engine.ts'
import { EngineError, type EnginePhase } from './engine-error.ts'
import { parseFailure } from './replies.ts'
import { WALL_FAILED_EXIT } from './wall/launch.ts'

/** What V8, ONNX Runtime and libc say on their way out when memory ran out. */
const MEMORY_WORDS = /out of memory|bad_alloc|allocation fail|BFCArena/i
const STDERR_TAIL_BYTES = 4096
/** A process that talks more than this to nobody is left to wait for its pipe. */
const STDERR_LIMIT_BYTES = 1024 * 1024

/** A request to an engine, and what may come back. */
export interface Exchange {
  readonly kind: FrameKind
  readonly head: Uint8Array
  readonly parts: readonly Uint8Array[]
  readonly bodyBytes: number
  readonly reply: FrameLimits
  readonly phase: EnginePhase
  readonly deadlineMs: number
  /** Sends what belongs to the frame besides `parts`. */
  readonly stream?: (channel: EngineChannel) => Promise<void>
}

/** A child process that answers one frame with one frame, in order, each within its deadline. */
export class EngineProcess {
  readonly exited: Promise<EngineExit>
  readonly #child: ChildProcess
  readonly #channel: EngineChannel
  readonly #memoryBudgetBytes: number
  #end: EngineExit['reason'] | undefined
  #exit: EngineExit | undefined
  /** Tells the exchange at hand that the process is gone: a reaction to `exited` would keep its answer until then. */
  #onGone: ((exit: EngineExit) => void) | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(child: ChildProcess, { memoryBudgetBytes }: EngineLimits) {
    const { promise, resolve } = Promise.withResolvers<EngineExit>()
    this.exited = promise
    const ended = (exit: EngineExit): void => {
      this.#exit ??= exit
      resolve(this.#exit)
      this.#onGone?.(this.#exit)
    }
    // A process that cannot even be started closes nothing, and may have no channel.
    child.on('error', () => {
      if (child.pid === undefined) ended({ reason: 'not-started', exitCode: null, signal: null })
    })
    const stream = child.stdio?.[3]
    if (!(stream instanceof Duplex)) throw new EngineError('WALL_UNAVAILABLE', { step: 'spawn' })
    this.#child = child
    this.#memoryBudgetBytes = memoryBudgetBytes
    this.#channel = new EngineChannel(stream, () => this.#stop('protocol'))
    const stderr = keepTail(child)
    // 'close' comes when every copy of the channel's other end is gone, and with them the memory behind it.
    child.on('close', (status, killedBy) => {
      const { exitCode, signal } = endOf(status, killedBy)
      const reason = this.#end ?? (MEMORY_WORDS.test(stderr()) ? 'out-of-memory' : 'crashed')
      ended({ reason, exitCode, signal })
    })
  }

  /** Kills the process with SIGKILL; nothing in it runs any more when this resolves. */
  async kill(): Promise<void> {
    this.#stop('stopped')
    await this.exited
  }

  /**
   * Sends a frame when its turn has come, and gives the reply. A failure that the engine tells of is thrown.
   *
   * @throws {EngineError}
   */
  exchange(exchange: Exchange): Promise<Frame> {
    const result = this.#turn.then(() => this.#exchange(exchange))
    this.#turn = result.then(ignore, ignore)
    return result
  }

  /** Runs a parser of replies; when it finds the protocol broken, the engine is killed. */
  async parsed<T>(phase: EnginePhase, parse: () => T): Promise<T> {
    try {
      return parse()
    } catch (error) {
      if (!isMalformedError(error) && !isProtocolError(error)) throw error
      this.#stop('protocol')
      throw this.#errorOf(await this.exited, phase, 0, error)
    }
  }

  async #exchange(exchange: Exchange): Promise<Frame> {
    const { kind, head, parts, bodyBytes, reply, phase, deadlineMs } = exchange
    const timer = setTimeout(() => this.#stop('deadline'), deadlineMs)
    const { promise: gone, reject } = Promise.withResolvers<never>()
    // Nobody may be waiting for it when the process ends.
    gone.catch(ignore)
    const onGone = (exit: EngineExit): void => reject(this.#errorOf(exit, phase, deadlineMs))
    if (this.#exit === undefined) this.#onGone = onGone
    else onGone(this.#exit)
    try {
      const received = this.#channel.receive(reply)
      received.catch(ignore)
      const sent = this.#channel.send(kind, head, parts, bodyBytes)
      if (exchange.stream !== undefined) await Promise.race([exchange.stream(this.#channel), gone])
      const frame = await Promise.race([received.catch(() => gone), gone])
      await Promise.race([sent, gone])
      if (frame.kind === 'failure') throw await this.parsed(phase, () => this.#failureOf(frame, reply))
      return frame
    } finally {
      clearTimeout(timer)
      this.#onGone = undefined
    }
  }

  #stop(reason: EngineExit['reason']): void {
    this.#end ??= reason
    this.#child.kill('SIGKILL')
  }

  #errorOf(
    { reason, exitCode, signal }: EngineExit,
    phase: EnginePhase,
    deadlineMs: number,
    cause?: unknown,
  ): EngineError {
    const options = cause === undefined ? undefined : { cause }
    const memoryBudgetBytes = this.#memoryBudgetBytes
    switch (reason) {
      case 'stopped':
        return new EngineError('ENGINE_STOPPED', { phase }, options)
      case 'deadline':
        return new EngineError('DEADLINE_EXCEEDED', { phase, deadlineMs }, options)
      case 'out-of-memory':
        return phase === 'load'
          ? new EngineError('MODEL_NEEDS_MORE_MEMORY', { memoryBudgetBytes }, options)
          : new EngineError('ENGINE_OUT_OF_MEMORY', { phase, memoryBudgetBytes }, options)
      case 'not-started':
        return new EngineError('WALL_UNAVAILABLE', { step: 'spawn' }, options)
      case 'crashed':
      case 'protocol':
        if (exitCode === WALL_FAILED_EXIT) return new EngineError('WALL_UNAVAILABLE', { step: 'private-root' }, options)
        return new EngineError('ENGINE_CRASHED', { phase, exitCode, signal }, options)
      default:
        return reason satisfies never
    }
  }

  #failureOf(frame: Frame, { maxHeadBytes, maxBodyBytes }: FrameLimits): EngineError {
    const { code, reason, subject } = parseFailure(frame)
    switch (code) {
      case 'MODEL_REFUSED':
      case 'MODEL_INVALID':
        return new EngineError(code, subject === null ? { reason } : { reason, subject })
      case 'MODEL_NEEDS_MORE_MEMORY':
        return new EngineError(code, { memoryBudgetBytes: this.#memoryBudgetBytes })
      case 'INPUT_INVALID':
      case 'INPUT_UNSUPPORTED':
        return new EngineError(code, { input: subject ?? 'the input', reason })
      case 'TASK_UNSUPPORTED':
      case 'RUN_FAILED':
        return new EngineError(code, { reason })
      case 'OUTPUT_TOO_LARGE':
        // An answer without a body is JSON in its head.
        return new EngineError(code, { limit: maxBodyBytes === 0 ? maxHeadBytes : maxBodyBytes })
      default:
        return code satisfies never
    }
  }
}

/** How a process ended. A shell that waited for it tells of a signal by a status beyond 128. Source: POSIX, "Exit Status". */
function endOf(status: number | null, signal: string | null): { exitCode: number | null; signal: string | null } {
  const [name] = Object.entries(constants.signals).find(([, number]) => number === (status ?? 0) - SIGNAL_STATUS) ?? []
  return name === undefined ? { exitCode: status, signal } : { exitCode: null, signal: name }
}

const SIGNAL_STATUS = 128

/**
 * Drains standard error and keeps its last bytes, which are looked at once and never written anywhere. Once the process has
 * ended the rest is read whatever its length: 'close' waits for it.
 */
function keepTail(child: ChildProcess): () => string {
  const stream = child.stderr
  let tail = Buffer.alloc(0)
  let total = 0
  let isOver = false
  stream?.on('data', (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-STDERR_TAIL_BYTES)
    total += chunk.byteLength
    if (total > STDERR_LIMIT_BYTES && !isOver) stream.pause()
  })
  stream?.on('error', () => stream.destroy())
  child.once('exit', () => {
    isOver = true
    stream?.resume()
  })
  return () => tail.toString('latin1')
}

function ignore(): void {
  // Whoever waits for it hears of it another way.
}
