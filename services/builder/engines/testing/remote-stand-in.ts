/** A stand-in for the service elsewhere by which an engine builds, declared in the engine's `testing/remote.ts`. */
export interface RemoteStandIn {
  open(): Promise<RemoteScene>
}

/** The service with its workers. */
export interface RemoteScene extends AsyncDisposable {
  /** The settings with which the engine finds it. */
  readonly env: Readonly<Record<string, string>>
  /** Of the settings, what nobody may be told. */
  readonly secrets: readonly string[]
  /** Has the workers work off what is ordered. */
  work(how: RemoteWork): Promise<void>
  /** How much was ever ordered, and how much of that is neither over nor cancelled. */
  orders(): { readonly all: number; readonly open: number }
  /** Resolves when an order has come in whose answer takes longer than anybody in a test waits. */
  hesitate(): Promise<void>
  /** Whether it can be asked. */
  setOnline(isOnline: boolean): void
}

/** How the workers do their work. */
export type RemoteWork =
  | 'well'
  | 'ends well without an image'
  | 'makes an image and fails'
  | 'makes a text'
  | 'makes a qcow2 under the name of a raw disk'
