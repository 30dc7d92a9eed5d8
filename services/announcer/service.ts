import { dropAnnounced } from '#events/drop-announced.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropFailed } from '#events/drop-failed.ts'
import { dropPublished } from '#events/drop-published.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { say } from '#events/define.ts'
import { defineService } from '#service/define.ts'
import { announceDrop, type Announcer } from './announce.ts'

/** Announces a published drop by mail, feed and page, and marks or removes it there when it is withdrawn. */
export const announcer = defineService({
  name: 'announcer',
  consumes: [dropPublished, dropSuperseded, dropExpired],
  emits: [dropAnnounced, dropFailed],
  // Page and feed are of all drops: one change at a time.
  keyOf: () => 'announcements',
  async handle(event, announcer: Announcer, { signal }) {
    const { records, noticeboard } = announcer
    const at = event.time
    switch (event.subject) {
      case 'drop.published.v1': {
        const { drop, kind, milestone, compose } = event.body
        const told = await announceDrop(event.body, at, announcer, signal)
        return told ? [say(dropAnnounced, { drop, kind, milestone, compose, told })] : []
      }
      case 'drop.superseded.v1':
        await records.withdraw(event.body.drop, { why: 'superseded', by: event.body.by, at })
        await noticeboard.renew()
        return []
      case 'drop.expired.v1':
        await records.withdraw(event.body.drop, { why: 'expired', by: 'the retention policy', at })
        await noticeboard.renew()
        return []
    }
  },
})
