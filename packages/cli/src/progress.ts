import type { UploadProgress } from '@blindai/client'
import type { Terminal } from './terminal.ts'

const BAR_CELLS = 24
const PLAIN_STEP = 0.25
/** Bytes of one request: small enough that the bar moves, large enough that it costs nothing. */
export const PART_BYTES: number = 512 * 1024

/** How far an upload is, as it is shown. */
export interface Progress {
  update(progress: UploadProgress): void
  /** Clears the bar; call it whatever happened. */
  end(): void
}

/** A bar on a live terminal; elsewhere a line at each quarter, or none where `quiet`. */
export function progressOf(label: string, terminal: Terminal, quiet: boolean = false): Progress {
  let quarter = -1
  return {
    update({ phase, sentBytes: sent, totalBytes: total }) {
      if (phase !== 'sending') return
      const part = total === 0 ? 1 : Math.min(1, sent / total)
      if (terminal.live) {
        terminal.redraw(barOf(label, part, sent, total))
        return
      }
      if (quiet) return
      const reached = Math.floor(part / PLAIN_STEP)
      if (reached === quarter) return
      quarter = reached
      terminal.note(`${label}: ${formatBytes(sent)} of ${formatBytes(total)}`)
    },
    end() {
      terminal.redraw('')
    },
  }
}

function barOf(label: string, part: number, sent: number, total: number): string {
  const full = Math.round(part * BAR_CELLS)
  const bar = `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}`
  return `${label} ${bar} ${String(Math.floor(part * 100)).padStart(3)} %  ${formatBytes(sent)} of ${formatBytes(total)}`
}

/** `3.6 MB`; decimal units. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`
  return `${(bytes / 1_000_000_000).toFixed(2)} GB`
}
