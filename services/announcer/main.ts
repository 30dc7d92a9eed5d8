import { foldersBelow } from '#service/discover.ts'
import type { Assemble } from '#service/host.ts'
import { assembleAnnouncer } from './assemble.ts'

/** Puts the announcer together with the channels of all roots; targets are called as their publishers call them. */
export const assemble: Assemble = async (host) => {
  const titles = new Map(host.steps.flatMap(({ publishes: one }) => (one ? [[one.target, one.title] as const] : [])))
  const roots = foldersBelow(host.roots, 'services/announcer/channels')
  const { service, background } = await assembleAnnouncer(host, { roots, titles })
  return { service, background: (_voice, signal) => background(signal, host.log) }
}
