/** The parts in which images are told and compared, what matters most to people first. */
export const sections = ['privileges', 'packages', 'units', 'users', 'kernel arguments', 'partitions', 'files'] as const
export type Section = (typeof sections)[number]

/** What is known of one thing, each aspect as a text: `{ version: '2.6.1' }`. */
export type Aspects = Readonly<Record<string, string>>

/** The things of one part, by name. */
export type Facts = ReadonlyMap<string, Aspects>

/** What is in an image. Two images are alike when their descriptions are. */
export interface ImageDescription {
  readonly format: 'raw' | 'qcow2' | 'vhd' | 'raw.xz'
  /** As the system calls itself: `Debian GNU/Linux 12 (bookworm)`. */
  readonly system: string
  /** Files with rights beyond those of who runs them are among the files. */
  readonly facts: Readonly<Record<Exclude<Section, 'privileges'>, Facts>>
  /** The package that a file came with. */
  readonly packageOf: (path: string) => string | null
}
