import { join } from 'node:path'
import type { Assemble } from '#service/host.ts'
import { assembleAnnouncer } from './assemble.ts'

/** Puts the announcer together with the channels of this folder. */
export const assemble: Assemble = async (host) => ({
  service: await assembleAnnouncer(host, { roots: [join(import.meta.dirname, 'channels')], titles: new Map() }),
})
