import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bindService } from '#service/bind.ts'
import type { Logger } from 'pino'
import type { BoundService } from '#service/define.ts'
import type { Host } from '#service/host.ts'
import { findChannels } from './channels/find-channels.ts'
import { openChannels } from './open-channels.ts'
import { readAnnouncerConfig } from './config.ts'
import { createAudits } from './audits.ts'
import { createCalendars } from './calendars.ts'
import { createDeliveries } from './deliveries.ts'
import { createPublications } from './publications.ts'
import { announcer, type Announcer } from './service.ts'
import { createShown } from './shown.ts'
import type { LaunchAddressOf } from './story/launch.ts'
import type { Titles } from './story/story.ts'

/** Jobs wait for servers of others and take next to nothing meanwhile: one that is silent must not hold up the next. */
const concurrency = 32

interface Extent {
  /** Folders whose folders are channels. */
  readonly roots: readonly string[]
  readonly titles: Titles
  readonly launchAddressOf?: LaunchAddressOf
}

interface AssembledAnnouncer {
  readonly service: BoundService
  /** What its channels keep up while the process runs. */
  readonly background: (signal: AbortSignal, log: Logger) => Promise<void>
}

/** Puts the announcer together with all channels that are found and set up. */
export async function assembleAnnouncer(
  { stateFolder, env, artifacts }: Pick<Host, 'stateFolder' | 'env'> & Pick<Announcer, 'artifacts'>,
  { roots, titles, launchAddressOf = () => null }: Extent,
): Promise<AssembledAnnouncer> {
  const found = await findChannels(roots)
  const { common, settingsOf } = readAnnouncerConfig(env, found)
  const folder = resolve(stateFolder, 'announcements')
  const publications = createPublications(join(folder, 'told'), { before: join(folder, 'drops') })
  const calendars = createCalendars(join(stateFolder, 'announcer', 'calendar'))
  const audits = createAudits(join(stateFolder, 'announcer', 'audits'))
  const deliveries = createDeliveries(join(stateFolder, 'announcer', 'deliveries'))
  const host = {
    ...common,
    folder,
    pageUrl: common.pageUrl ?? pathToFileURL(folder).href,
    launchAddressOf,
    shown: createShown({ publications, calendars, audits, titles }),
  }
  const channels = openChannels(found, { settingsOf, host, deliverOnceOf: (name) => deliveries.of(name) })
  return {
    service: bindService(
      announcer,
      { channels, publications, calendars, audits, deliveries, titles, artifacts },
      { concurrency },
    ),
    async background(signal, log) {
      await Promise.all(channels.map(({ channel }) => channel.background?.(signal, log) ?? Promise.resolve()))
    },
  }
}
