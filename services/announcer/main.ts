import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { readAnnouncerConfig } from './config.ts'
import { createDelivery } from './mail/delivery.ts'
import { createSmtp } from './mail/smtp.ts'
import { createNoticeboard } from './noticeboard.ts'
import { createRecords } from './records.ts'
import { announcer } from './service.ts'
import { linkBelow } from './story/link.ts'

/** Puts the announcer together. */
export const assemble: Assemble = ({ stateFolder, env }) => {
  const { title, domain, from, to, smtpUrl, mirrorUrl, pageUrl, feedEntries } = readAnnouncerConfig(env)
  const folder = resolve(stateFolder, 'announcements')
  const records = createRecords(join(folder, 'drops'))
  const noticeboard = createNoticeboard({
    folder,
    records,
    // Without a public mirror, the page links to the one beside it in the state folder.
    linkTo: linkBelow(mirrorUrl ?? '../mirror'),
    feed: { title, domain, pageUrl: pageUrl ?? pathToFileURL(folder).href, entries: feedEntries },
  })
  const deliver =
    smtpUrl === undefined ? null : createDelivery(join(stateFolder, 'announcer', 'deliveries'), createSmtp(smtpUrl))
  const dependencies = {
    folder,
    records,
    noticeboard,
    mirrorLink: linkBelow(mirrorUrl ?? ''),
    correspondence: { domain, from, to },
    deliver,
  }
  return Promise.resolve({ service: bindService(announcer, dependencies) })
}
