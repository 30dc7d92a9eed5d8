import type { Draft } from '#artifacts/store.ts'
import type { RunOptions, RunResult } from '#subprocess/run.ts'
import type { CompressedDisk } from './compressed-disk.ts'
import type { Track } from './progress-sum.ts'

/** What the tools of one conversion may use. Times are in milliseconds. */
export interface Limits {
  readonly threads: number
  readonly memoryMib: number
  readonly deadline: number
  readonly idleDeadline: number
}

/** One disk on its way into its formats: what a format is given to work with. */
export interface Conversion extends AsyncDisposable {
  readonly disk: { readonly path: string; readonly size: number; readonly sha256: string }
  /** What the disk is called inside an archive; the same in every compose. */
  readonly diskName: string
  /** The only time that may get into a file, so that the same disk gives the same bytes on any day. */
  readonly time: Date
  readonly limits: Limits
  /** Aborts when the job does, and when any part of the conversion failed. */
  readonly signal: AbortSignal
  /** A file in the making, gone at the end unless it is kept. */
  readonly draft: (name: string) => Promise<Draft>
  /** Runs a tool under the limits, the signal and the log of this conversion. */
  readonly run: (tool: string, args: readonly string[], options?: RunOptions) => Promise<RunResult>
  /** The disk as one xz stream, compressed once for each level however many formats are made of it. */
  readonly compress: (level: number) => Promise<CompressedDisk>
  /** Starts a new progress bar. */
  readonly begin: (phase: string) => void
  /** Adds work of `total` bytes to the progress bar; the result is called with how many of them are done. */
  readonly track: Track
  /** Does everything at the same time; the first failure stops the rest and is what is thrown, when all have ended. */
  readonly sideBySide: <T>(work: readonly (() => Promise<T>)[]) => Promise<T[]>
}
