import type { cadenceReached } from '#events/cadence.ts'
import type { EnvelopeOf } from '#events/envelope.ts'
import type { Registration } from '#events/vocabulary.ts'
import type { AuditPolicy } from '../audit-policy.ts'
import type { Handled } from './hand-to.ts'
import type { AuditReport, ClaimedDrop } from '#service/audit.ts'

/** What happens to an image on its way: `upload` leaves it private, `publish` opens it, the others remove it. */
export type Step = 'upload' | 'publish' | 'supersede' | 'expire'

/**
 * A place to publish to, started for the publisher contract. The file `testing/contract-place.ts` of a service exports it as
 * `contractPlace`, and is found by that. One that has more to do where its settings say so exports `contractPlaceInFull` as well.
 */
export interface PlaceDeclaration {
  start(): Promise<StartedPlace>
  /** What of the contract means nothing there, and why. */
  readonly exceptions?: Readonly<Partial<Record<Exception, string>>>
}

/** What some places cannot have. */
export type Exception =
  /** An image is open in all of its places or in none. */
  | 'all or none'
  /** What somebody has removed can be made anew under its name. */
  | 'made anew'
  /** What is there is compared with what drops claim. */
  | 'audited'

export interface StartedPlace extends AsyncDisposable {
  /** How many of the trials may be made side by side. */
  readonly atOnce: number
  /** Every how many requests something other than a death happens: 1 where requests are cheap. */
  readonly stride: number
  /** An account of its own, with one image that is to be published. */
  open(): Promise<OpenPlace>
}

export interface OpenPlace extends AsyncDisposable {
  /** Steps to the open image, in order. */
  readonly steps: readonly ('upload' | 'publish')[]
  /** Steps that leave nothing. */
  readonly endings: readonly ('supersede' | 'expire')[]
  /** Starts a process of the publisher, which speaks to the place as `via` says. */
  publisher(via: Via, options?: PublisherOptions): Promise<Publisher>
  /** Whether a request changes anything: to die at one that does not is to die at the one before. */
  readonly isChange: (call: Call) => boolean
  /** All that is there. */
  inventory(): Promise<Inventory>
  /** Has somebody else make an image under the name, or the id, that ours would have. */
  occupy(): Promise<void>
  /** Removes our images, as a person with the same account would. */
  removeOurs(): Promise<void>
  /** Makes the place refuse what we ask from now on, each for the reason that it is called by; what it gives takes that back. */
  readonly refusals: Readonly<Record<string, () => Promise<() => Promise<void>>>>
  /** How the place is compared with what drops claim; absent where it is not `audited`. */
  readonly audits?: Audits
}

export interface Audits {
  /** The image as findings name it: `generic.x86_64`. */
  readonly image: string
  /** As `imagedrop audit` does it, of one place. */
  audit(drops: readonly ClaimedDrop[], how: { readonly repair: boolean }): Promise<AuditReport>
  /** The service hears that the hour of the day has come; without a policy, as where it has no settings. */
  hear(
    hour: EnvelopeOf<typeof cadenceReached>,
    policy?: AuditPolicy,
  ): Promise<Handled<{ readonly subject: string; readonly body: object }>>
  /** Makes our open image private, as a person with the same account would. */
  close(): Promise<void>
}

/** The address at which a publisher is to find a server, so that the contract can come between; and which place it is. */
export type Via = (address: string, place?: PlaceOf) => Promise<string>
export type PlaceOf = (asked: Omit<Call, 'place'>) => 'first' | 'second'

export interface PublisherOptions {
  /** Publishes to two places instead of one. */
  readonly two?: boolean
  /** How far the clock of the publisher is ahead of the place's, in milliseconds. */
  readonly clockAhead?: number
  /** Waits but a second for an answer. */
  readonly impatient?: boolean
  /** Waits a real second where it says that it waits, instead of being woken at once. */
  readonly realWaits?: boolean
}

/** Does a step to its end, over all that is waited for, and gives the registrations that were said. */
export type Publisher = (
  step: Step,
  registrations: readonly Registration[],
  signal: AbortSignal,
) => Promise<readonly Registration[]>

export interface Inventory {
  /** Our images, in all places. */
  readonly ours: readonly Found[]
  /** What is of ours, but of no image. */
  readonly leftovers: readonly string[]
  /** Others' images, with all that can be seen of them. */
  readonly others: readonly unknown[]
  /** Ids of images that names of the newest lead to, one for each name; absent where a place has none. */
  readonly named?: readonly string[]
}

export interface Found {
  readonly id: string
  readonly isPublic: boolean
  /** It has the bits that were tested, all of them. */
  readonly isWhole: boolean
}

/** A request of a publisher on its way to the place. */
export interface Call {
  readonly place: 'first' | 'second'
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}
