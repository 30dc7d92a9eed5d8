import type { Logger } from 'pino'
import type { Finding } from './host-check.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * An emulator of what a service publishes to, for hosts that cannot reach the real one. A service brings it in
 * `stand-in.ts`, as `standIn`; the command line finds it there and starts it in a process of its own. Loading the file
 * loads no emulator.
 */
export interface StandIn {
  /** The target of the service that it stands in for; `imagedrop emulator TARGET` runs it by itself. */
  readonly target: string
  /** What people call it: `EC2`. */
  readonly title: string
  /** Whether anything is published there by these settings; absent for always. What is not used is neither started nor told of. */
  readonly isUsed?: (env: Environment) => boolean
  /** How the real one is reached by these settings, or why it cannot be. Asks no network. */
  readonly look: (env: Environment) => Finding
  /** Starts it on what its folder holds. */
  readonly start: (options: StandInOptions) => Promise<Emulated>
  /** The settings with which the service speaks to it at an address. */
  readonly settings: (url: string) => Readonly<Record<string, string>>
}

export interface StandInOptions {
  readonly folder: string
  /** 0 takes a free one. */
  readonly port: number
  readonly log: Logger
}

/** An emulator at work. */
export interface Emulated {
  readonly url: string
  close(): Promise<void>
}
