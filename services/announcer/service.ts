import { z } from 'zod'
import { say } from '#events/define.ts'
import { dropAnnounced } from '#events/drop-announced.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropFailed } from '#events/drop-failed.ts'
import { dropPublished } from '#events/drop-published.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { defineService, type Context } from '#service/define.ts'
import { ArtifactStoreUnavailable, type ArtifactStore } from '#artifacts/store.ts'
import { messageOf, TransientError } from '#service/errors.ts'
import { findChanges } from './changes/changes.ts'
import type { Deliveries } from './deliveries.ts'
import type { Publications, Withdrawal } from './publications.ts'
import { tellStory, type Titles } from './story/story.ts'
import { tellByAll, withdrawFromAll, type OpenChannel } from './tell.ts'

/** What the announcer announces with. */
export interface Announcer {
  readonly channels: readonly OpenChannel[]
  readonly publications: Publications
  readonly deliveries: Deliveries
  readonly titles: Titles
  /** Where the lists of packages are. */
  readonly artifacts: Pick<ArtifactStore, 'open'>
}

/** What stays known of a drop when nothing else of it is: that nobody is to be told of it any more. */
const dropState = z.object({ withdrawn: z.boolean() }).default({ withdrawn: false })

/** Announces a published drop by every channel, and lets them know when it is withdrawn. */
export const announcer = defineService({
  name: 'announcer',
  consumes: [dropPublished, dropSuperseded, dropExpired],
  emits: [dropAnnounced, dropFailed],
  // What happens to one drop, in order; no drop waits for another.
  keyOf: ({ body }) => body.drop,
  async handle(event, { channels, publications, deliveries, titles, artifacts }: Announcer, context) {
    const { signal, state } = context
    const { body, subject, time } = event
    const { drop } = body

    async function withdraw(withdrawal: Withdrawal) {
      const publication = await publications.withdraw(drop, withdrawal)
      if (publication) await withdrawFromAll(channels, tellStory(publication, titles), signal)
      if (withdrawal.why === 'expired') {
        await publications.forget(drop)
        await deliveries.forget(drop)
      }
      return { events: [], state: { withdrawn: true } }
    }

    switch (subject) {
      case 'drop.published.v1': {
        if (dropState.parse(state).withdrawn) return []
        const publication = await publications.publish(body, time, (previous) =>
          findChanges(body, previous, { artifacts, signal, onUnreadable: unreadable(context) }),
        )
        if (publication.withdrawn) return []
        const told = await tellByAll(channels, tellStory(publication, titles), signal)
        const { kind, milestone, compose } = body
        return [say(dropAnnounced, { drop, kind, milestone, compose, told })]
      }
      case 'drop.superseded.v1':
        return await withdraw({ why: 'superseded', by: body.by, at: time })
      case 'drop.expired.v1':
        return await withdraw({ why: 'expired', by: 'the retention policy', at: time })
    }
  },
})

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
