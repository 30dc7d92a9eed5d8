import type { Logger } from 'pino'
import type { z } from 'zod'
import type { DeliverOnce } from '../deliveries.ts'
import type { LaunchAddressOf } from '../story/launch.ts'
import type { Appointment } from '../story/appointment.ts'
import type { News } from '../story/news.ts'
import type { Story } from '../story/story.ts'

/** Who was told, and by what they find it: a Message-ID, the id of an entry, a page of the site. */
export interface Told {
  readonly to: string
  readonly id: string
}

/**
 * One way of telling people of drops. An implementer only tells: when, in what order with the other channels, and what
 * becomes of an error is the announcer's job. A TransientError is tried again with backoff; anything else waits for an
 * operator. Either way the other channels have told, and will be asked again together with this one.
 */
export interface Channel {
  /**
   * Tells of a published drop; resolves with everybody who knows of it now, those told before included. It is asked
   * again after a kill at any instruction, and after the failure of any channel: nobody may be told twice. Where that
   * cannot be looked up outside, `deliverOnce` remembers it.
   */
  tell(story: Story, signal: AbortSignal): Promise<readonly Told[]>
  /** The drop, told of before, was superseded or has expired (`story.withdrawn`). May be asked again as well. */
  withdraw(story: Story, signal: AbortSignal): Promise<void>
  /**
   * Tells those who want to know what else happens to a drop: that it waits for a blessing, that something of it failed,
   * and after `withdraw` of its withdrawal. As with `tell`, nobody may be told twice; what is told is named by drop and
   * `news.id`, to `deliverOnce` too. A channel that shows nothing but published drops has none of it.
   */
  report?(news: News, signal: AbortSignal): Promise<void>
  /**
   * A published drop has changed, as by an image that is in one place more: for a page that people come back to. What was sent
   * to them, or lies there as it was sent, stays.
   */
  show?(story: Story, signal: AbortSignal): Promise<void>
  /** The calendar has changed, or what audits found: for a place that shows when drops are due, or how images stand. */
  renew?(signal: AbortSignal): Promise<void>
  /**
   * What it would send of a published drop, for `imagedrop announce --preview`: asks nobody outside, sends and keeps
   * nothing. A place has none: it is asked to `tell` into a folder that nobody sees.
   */
  preview?(story: Story): Promise<string>
  /**
   * What it keeps up while the process runs, as a connection; it begins when the service does, and ends when the signal
   * aborts. It may be asked to tell before, and for a while after.
   */
  background?(signal: AbortSignal, log: Logger): Promise<void>
}

/** What the announcer gives to each channel. */
export interface ChannelHost {
  /** `<state>/announcements`: what is in it may be served to the public. */
  readonly folder: string
  /** What announces itself: `Cloud images`. */
  readonly title: string
  /** The domain that ids are made with. */
  readonly domain: string
  /** Public address of the mirror's root; null when it has none. */
  readonly mirrorUrl: string | null
  /** Address at which the folder is seen. */
  readonly pageUrl: string
  /** Where people start a machine from what is registered in a place of a target. */
  readonly launchAddressOf: LaunchAddressOf
  /** Sends to recipients that this channel has not told yet. */
  readonly deliverOnce: DeliverOnce
  /**
   * For a channel that shows all drops at once: makes a function that writes what they are now, newest first, without
   * the expired ones, and when drops are due. Writes never overlap, and the last one is of the newest state, whoever
   * changed it.
   */
  readonly shown: (
    write: (stories: readonly Story[], appointments: readonly Appointment[]) => Promise<void>,
  ) => () => Promise<void>
}

type Settings<Shape extends z.ZodRawShape> = z.infer<z.ZodObject<Shape>>

/** A channel as its folder declares it. */
export interface ChannelDeclaration<Shape extends z.ZodRawShape = z.ZodRawShape> {
  /**
   * Its settings: the key `ircUrl` is the variable `IMAGEDROP_ANNOUNCER_IRC_URL`. Begin them with the channel's name;
   * two channels can have a setting in common only by using one and the same declaration of it.
   */
  readonly settings: Shape
  /** People look at a `place`; a `message` is sent to them, after all places, so that what it links to is there. */
  readonly kind: 'place' | 'message'
  /** Null when its settings say that nobody is to be told by it. Throws InvalidConfig for settings that cannot be. */
  open(settings: Settings<Shape>, host: ChannelHost): Channel | null
}

/** Declares a channel. */
export function defineChannel<const Shape extends z.ZodRawShape>(
  declaration: ChannelDeclaration<Shape>,
): ChannelDeclaration<Shape> {
  return declaration
}
