/** What is known of the host: everything that a check may look at, so that a test can make one up. */
export interface HostView {
  /** Folders to look for commands in. */
  readonly path: readonly string[]
  /** Where the drops go: what must be writable and roomy. */
  readonly stateFolder: string
  /** This user can do anything. */
  readonly isRoot: boolean
  readonly user: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly kvmDevice: string
}

/** What a check saw. `missing` says what is not there, with the value found. */
export type Finding = { readonly found: string } | { readonly missing: string }

/** How much a missing thing matters: the main job cannot run, it runs worse, or only something extra is lost. */
export type Weight = 'needed' | 'better' | 'extra'

/** One thing that `imagedrop doctor` looks at. A service brings its own in `host-checks.ts`, as a list `hostChecks`. */
export interface HostCheck {
  readonly name: string
  readonly weight: Weight
  readonly look: (host: HostView) => Finding | Promise<Finding>
  /** What it costs when it is missing. */
  readonly cost: string
  /** The command that mends it. */
  readonly fix: string
}
