import { z } from 'zod'
import { calendarChanged, dropOverdue } from '#events/calendar.ts'
import { cloudAudited } from '#events/cloud-audited.ts'
import { dropUnchanged } from '#events/comparison.ts'
import { say } from '#events/define.ts'
import { dropAnnounced } from '#events/drop-announced.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropFailed } from '#events/drop-failed.ts'
import { dropPublished } from '#events/drop-published.ts'
import { dropReady } from '#events/drop-ready.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import type { EnvelopeOf } from '#events/envelope.ts'
import { imageFailed } from '#events/image-failed.ts'
import { imagePublished } from '#events/image-published.ts'
import { imageTested } from '#events/image-tested.ts'
import { imageUploaded } from '#events/image-uploaded.ts'
import { defineService, type Context } from '#service/define.ts'
import { ArtifactStoreUnavailable, type ArtifactStore } from '#artifacts/store.ts'
import { messageOf, TransientError } from '#service/errors.ts'
import { findChanges } from './changes/changes.ts'
import type { Audits } from './audits.ts'
import type { Calendars } from './calendars.ts'
import type { Deliveries } from './deliveries.ts'
import type { Publication, Publications, Withdrawal } from './publications.ts'
import {
  tellFailedTest,
  tellFailure,
  tellOverdue,
  tellUnchanged,
  tellWaiting,
  tellWithdrawal,
  type News,
} from './story/news.ts'
import { tellStory, type Titles } from './story/story.ts'
import {
  reportByAll,
  reportOutcomeByAll,
  showByAll,
  renewByAll,
  tellByAll,
  withdrawFromAll,
  type OpenChannel,
} from './tell.ts'

/** What the announcer announces with. */
export interface Announcer {
  readonly channels: readonly OpenChannel[]
  readonly publications: Publications
  readonly calendars: Calendars
  readonly audits: Audits
  readonly deliveries: Deliveries
  readonly titles: Titles
  /** Where the lists of packages are. */
  readonly artifacts: Pick<ArtifactStore, 'open'>
}

/** What stays known of a drop when nothing else of it is: that nobody is to be told of it any more. */
const dropState = z.object({ withdrawn: z.boolean() }).default({ withdrawn: false })

/** What a drop does not depend on: to hear of it helps people, and the drop goes on without. */
const asides = [
  dropReady,
  dropFailed,
  imageFailed,
  imageTested,
  imageUploaded,
  imagePublished,
  calendarChanged,
  dropOverdue,
  cloudAudited,
  dropUnchanged,
] as const

/** Announces a published drop by every channel, lets them know when it is withdrawn, and tells what happens before. */
export const announcer = defineService({
  name: 'announcer',
  consumes: [dropPublished, dropSuperseded, dropExpired, ...asides],
  emits: [dropAnnounced, dropFailed],
  asides,
  // Publication and withdrawal of one drop, in order; no drop waits for another, and none for what is told besides.
  keyOf,
  async handle(
    event,
    { channels, publications, calendars, audits, deliveries, titles, artifacts }: Announcer,
    context,
  ) {
    const { signal, state } = context
    const { time } = event

    async function storyOf(publication: Publication) {
      return tellStory(publication, titles, await audits.all())
    }

    async function report(news: News | null) {
      if (news) await reportByAll(channels, news, signal)
      return []
    }

    async function withdraw(drop: string, withdrawal: Withdrawal, news: News) {
      await calendars.note(drop, {
        what: withdrawal.why === 'expired' ? 'expired' : 'withdrawn',
        at: time,
        why: withdrawal.by,
      })
      const publication = await publications.withdraw(drop, withdrawal)
      if (publication) await withdrawFromAll(channels, { story: await storyOf(publication), news }, signal)
      if (withdrawal.why === 'expired') {
        await publications.forget(drop)
        await deliveries.forget(drop)
      }
      return { events: [], state: { withdrawn: true } }
    }

    switch (event.subject) {
      case 'drop.published.v1': {
        const { drop } = event.body
        if (dropState.parse(state).withdrawn) return []
        const publication = await publications.publish(event.body, time, (previous) =>
          findChanges(event.body, previous, { artifacts, signal, onUnreadable: unreadable(context) }),
        )
        if (publication.withdrawn) return []
        await calendars.note(drop, { what: 'published', at: publication.at, why: null })
        const told = await tellByAll(channels, await storyOf(publication), signal)
        const { kind, milestone, compose } = event.body
        return [say(dropAnnounced, { drop, kind, milestone, compose, told })]
      }
      case 'drop.superseded.v1':
        return await withdraw(
          event.body.drop,
          { why: 'superseded', by: event.body.by, reason: event.body.reason, at: time },
          tellWithdrawal(event),
        )
      case 'drop.expired.v1':
        return await withdraw(
          event.body.drop,
          { why: 'expired', by: 'the retention policy', at: time },
          tellWithdrawal(event),
        )
      case 'drop.ready.v1':
        return await report(event.body.gate === 'person' ? tellWaiting(event) : null)
      case 'image.tested.v1':
        return await report(event.body.verdict === 'failed' ? tellFailedTest(event) : null)
      case 'image.uploaded.v1':
      case 'image.published.v1': {
        // Before the drop is published nobody is told; afterwards it is shown, and nobody is told again.
        const publication = await publications.place(event)
        if (publication !== null && publication.withdrawn === null)
          await showByAll(channels, await storyOf(publication), signal)
        return []
      }
      case 'calendar.changed.v1':
        await calendars.keep(event.body.stream, event.body.entries, time)
        await renewByAll(channels, signal)
        return []
      case 'cloud.audited.v1':
        await audits.keep(event.body)
        await renewByAll(channels, signal)
        return []
      case 'drop.overdue.v1':
        return await report(tellOverdue(event))
      case 'drop.unchanged.v1':
        await calendars.note(event.body.drop, { what: 'unchanged', at: time, why: event.body.since })
        await reportOutcomeByAll(channels, tellUnchanged(event), signal)
        return []
      case 'drop.failed.v1':
        await calendars.note(event.body.drop, { what: 'failed', at: time, why: event.body.failure.reason })
        await reportOutcomeByAll(channels, tellFailure(event), signal)
        return []
      case 'image.failed.v1':
        return await report(tellFailure(event))
    }
  },
})

type Heard = EnvelopeOf<(typeof asides)[number] | typeof dropPublished | typeof dropSuperseded | typeof dropExpired>

function keyOf(event: Heard): string {
  if (event.subject === 'image.uploaded.v1' || event.subject === 'image.published.v1') return event.body.drop
  if (event.subject === 'calendar.changed.v1') return `calendar:${event.body.stream}`
  if (event.subject === 'cloud.audited.v1') return `audit:${event.body.target}`
  return isAside(event) ? event.id : event.body.drop
}

function isAside(
  event: Heard,
): event is Exclude<Heard, { subject: 'drop.published.v1' | 'drop.superseded.v1' | 'drop.expired.v1' }> {
  return asides.some(({ subject }) => subject === event.subject)
}

/** How many tries an announcement waits for a store that is away. */
const patience = 3

/** No announcement is held up for good by a list of packages: it is then told without what changed in them. */
function unreadable({ attempt, log }: Context): (error: unknown, image: string) => void {
  return (error, image) => {
    if (error instanceof ArtifactStoreUnavailable && attempt < patience) {
      throw new TransientError(messageOf(error), { cause: error })
    }
    log.warn({ err: error, image }, 'the packages are not compared: a list cannot be read')
  }
}
