import { foldersBelow } from '#service/discover.ts'
import type { Assemble } from '#service/host.ts'
import { assembleAnnouncer } from './assemble.ts'
import { launchAddresses } from './story/launch.ts'

/** Puts the announcer together with the channels of all roots; targets are called as their publishers call them. */
export const assemble: Assemble = async (host) => {
  const publishings = host.steps.flatMap(({ publishes }) => publishes ?? [])
  const titles = new Map(publishings.map(({ target, title }) => [target, title]))
  const roots = foldersBelow(host.roots, 'services/announcer/channels')
  const { service, background } = await assembleAnnouncer(host, {
    roots,
    titles,
    launchAddressOf: launchAddresses(publishings),
  })
  return { service, background: (_voice, signal) => background(signal, host.log) }
}
