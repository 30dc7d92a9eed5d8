import type { FileHandle } from 'node:fs/promises'
import type { ArtifactStore, Draft } from '#artifacts/store.ts'
import type { RunOptions, RunResult } from '#subprocess/run.ts'
import type { PieceCache } from './pieces/piece-cache.ts'
import type { Track } from './progress-sum.ts'
import type { Slots } from './slots.ts'
import type { XzStream } from './compressed-disk.ts'

/** What the tools of one conversion may use. Times are in milliseconds. */
export interface Limits {
  readonly threads: number
  readonly memoryMib: number
  readonly deadline: number
  readonly idleDeadline: number
}

/** What the converter is put together of. */
export interface ConverterDependencies {
  readonly artifacts: ArtifactStore
  readonly limits: Limits
  readonly cache: PieceCache
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
  /** A new file of this host, without a name, for what passes through; whoever asks closes it. */
  readonly scratch: () => Promise<FileHandle>
  /** Runs a tool under the limits, the signal and the log of this conversion. */
  readonly run: (tool: string, args: readonly string[], options?: RunOptions) => Promise<RunResult>
  /** How many tools encode at the same time. */
  readonly slots: Slots
  /** What was encoded before, of this disk and of others. */
  readonly cache: PieceCache
  /** The disk as one xz stream: the same one for every format of a level. */
  readonly xzStream: (level: number) => XzStream
  /** All that were asked for. */
  readonly xzStreams: () => readonly XzStream[]
  /** Does something at the end, whether it went well or not. */
  readonly atEnd: (work: () => Promise<void>) => void
  /** Starts a new progress bar. */
  readonly begin: (phase: string) => void
  /** Adds work of `total` bytes to the progress bar; the result is called with how many of them are done. */
  readonly track: Track
  /** Does everything at the same time; the first failure stops the rest and is what is thrown, when all have ended. */
  readonly sideBySide: <T>(work: readonly (() => Promise<T>)[]) => Promise<T[]>
}
