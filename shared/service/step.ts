import type { Milestone, Publisher } from '#events/vocabulary.ts'

/** What a publisher of single images publishes to, and what it needs for that. */
export interface Publishing {
  readonly target: string
  /** What people call the target: `Amazon EC2`. */
  readonly title: string
  /** Flavours that can be published there, by name or by how their names begin (`ec2-*`); null for all. */
  readonly flavours: readonly string[] | null
  /** Formats that it must find among those of the plan; none when it takes the raw disk. */
  readonly formats: readonly string[]
  /** The command that starts an image there, with `{place}`, `{id}` and `{name}` for what a registration says. */
  readonly launch?: string
  /**
   * `tests`: uploads what passed its boot test, private until the blessing. `mirror`: takes it from the open mirror.
   * `publication`: begins when the drop is published everywhere else, and the drop does not wait for it.
   */
  readonly after: Publisher['after']
  /** Only drops of these milestones go there; absent for all drops. */
  readonly milestones?: readonly Milestone[]
  /** The target whose registrations it goes by: images must be published there too. */
  readonly from?: string
  /** Where people start a machine in a browser; the first row whose places fit holds. */
  readonly consoles?: readonly Console[]
}

/** Where people start a machine from one image in a browser, for some places. */
export interface Console {
  /** By name, or by how their names begin (`cn-*`). */
  readonly places: string
  /** `{place}` and `{id}` stand for those of the image. */
  readonly address: string
}

/**
 * A service's place in the pipeline and the words that people see for it. Each service declares it once, in its
 * `step.ts`; the scheduler, the views and the generated documents know services by nothing else. Data only: who reads
 * it loads no service.
 */
export interface Step {
  readonly service: string
  /** What it works on: each image, or the drop as a whole. */
  readonly of: 'image' | 'drop'
  /** The subject whose event begins it. Steps are shown in the order of these events. */
  readonly follows: string
  /** What people call the work, in at most ten characters: `boot test`. */
  readonly verb: string
  /** What it waits for while it has not begun: `waits for the build`. */
  readonly waits: string
  /** For a service that publishes single images to a target. */
  readonly publishes?: Publishing
}

/** Whether a target takes images of this flavour. */
export function takesFlavour({ flavours }: Publishing, flavour: string): boolean {
  return flavours === null || flavours.some((one) => fits(one, flavour))
}

/** Whether a name is meant by a pattern: the name itself, or how names begin (`ec2-*`). */
function fits(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}

/** Where people start a machine from an image in this place; null when nobody has said. */
export function launchAddressOf({ consoles = [] }: Publishing, place: string, id: string): string | null {
  const row = consoles.find(({ places }) => fits(places, place))
  if (!row) return null
  return row.address.replace(/\{(place|id)\}/g, (_, word) => encodeURIComponent(word === 'id' ? id : place))
}
