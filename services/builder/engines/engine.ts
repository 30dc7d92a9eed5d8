import type { Logger } from 'pino'
import type { ComposeRef, FailureClass, ImagePlan } from '#events/vocabulary.ts'
import type { Progress } from '#bus/bus.ts'
import type { Needs } from '#ledger/needs.ts'
import type { WaitFor } from '#service/define.ts'
import type { PackageSources } from '../packages/sources.ts'
import type { Recipe } from '../recipe.ts'

/** One image to build, with everything that decides its bits. */
export interface BuildRequest {
  readonly drop: string
  readonly compose: ComposeRef
  readonly image: ImagePlan
  readonly recipe: Recipe
  readonly sources: PackageSources
}

/** Folders that an engine may write to. */
export interface EngineFolders {
  /** Of this build alone; may hold what an earlier attempt left. */
  readonly work: string
  /** Shared by all builds of this machine, over restarts. */
  readonly cache: string
}

export interface PlannedFile {
  readonly path: string
  readonly content: string | Uint8Array
  /** It says how this host does its work, and nothing of the image: it is no part of the description. */
  readonly isOfHost?: boolean
}

/** One run of a tool. */
export interface PlannedCommand {
  readonly name: string
  readonly argv: readonly [string, ...string[]]
  /**
   * Its product is shared: made by whoever comes first, under a lock, beside its place, and renamed when complete.
   * Whoever finds it there need not run the command.
   */
  readonly shared?: { readonly made: string; readonly place: string }
}

/** What an engine will do, before it does it. */
export interface BuildPlan {
  readonly files: readonly PlannedFile[]
  readonly commands: readonly PlannedCommand[]
  /** Where the raw disk and the package list will be. */
  readonly disk: string
  readonly packages: string
}

export interface EngineContext {
  readonly signal: AbortSignal
  readonly progress: (progress: Progress) => void
  readonly log: Logger
  readonly now: () => Date
  /** What it kept when it last began to wait for this build; undefined when it never did. */
  readonly waited?: unknown
  /** File that keeps all that the tools say. */
  readonly logFile: string
  readonly folders: EngineFolders
}

/** A text that tells how an image was made: what a tool was given, or what it says of its own work. */
export interface Description {
  readonly name: string
  readonly text: string
}

/** What came of a build. Both files are in the build's own work folder and may be moved away. */
export interface Built {
  readonly disk: string
  readonly packages: string
  /** How it was made, the same for the same request. May name folders and addresses of this host, but nothing secret. */
  readonly description: readonly Description[]
}

/**
 * A tool, or a service elsewhere, that builds images. An implementer only builds: refusing requests, storing what was built and saying what
 * happened are the service's job; so is retrying, by the class that `classify` gives.
 */
export interface Engine {
  readonly id: string
  /** Whether it installs packages, so that their sources are looked up for it. */
  readonly usesPackages: boolean
  /**
   * Nothing is in its images besides what the recipe says and the packages that it installs: with those it can be told before a
   * build whether anything has changed. An installer that is fetched as well would be more.
   */
  readonly isOfPackages?: true
  /** What a build needs of the host that it is run on. */
  needs(image: Pick<ImagePlan, 'architecture'>): Needs
  /** Of the tool as it is on this machine; null when it is not there, or not set up. */
  version(): Promise<string | null>
  /** Pure: the same request and folders give the same plan. */
  plan(request: BuildRequest, folders: EngineFolders): BuildPlan
  /**
   * Carries a plan out. May be killed at any instruction and run again: first it takes up what an earlier try has
   * begun outside. Ends well only when the tool did and gave its own mark of success. What somebody else does for it, it
   * waits for: it is run again with `context.waited`. Throws the signal's reason when it aborts, after the tool's whole
   * process group has ended.
   */
  run(plan: BuildPlan, context: EngineContext): Promise<WaitFor | undefined>
  /** Finds what was built since `startedAt`. Throws NothingBuilt when a file is missing, stale or not a disk. */
  collect(plan: BuildPlan, startedAt: Date, signal: AbortSignal): Promise<Built>
  /**
   * Ends what it has begun for a build outside of its folders (a remote task, mounts, machines), and touches nothing that
   * is not its own: its drop was cancelled, or another engine takes over. Looks up what it may have begun.
   */
  abandon?(plan: BuildPlan, context: EngineContext): Promise<void>
  /** What an operator has to do about an error of this engine. */
  classify(error: unknown): FailureClass
  /** What went wrong, in one line for people: the tool's own words where it has any. */
  explain(error: unknown): string
  /** Ends what this process has open for it: a session. */
  close?(): Promise<void>
}

/** What the builder gives to each engine when it opens it. */
export interface EngineHost {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Milliseconds that a build may take, and may be silent. */
  readonly deadline: number
  readonly idleDeadline: number
}

/** An engine as its folder declares it. */
export interface EngineDeclaration {
  /** Reads its settings from the environment. Throws InvalidConfig. */
  open(host: EngineHost): Engine
}

/** The tool says that all is well, but what it should have made is not there or not what it should be. */
export class NothingBuilt extends Error {
  override name = 'NothingBuilt'
  readonly code = 'NOTHING_BUILT'
}
