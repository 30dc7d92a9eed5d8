import { debianDrop } from '../../../testing/drops.ts'
import type { Listener } from './listener.ts'

export const body = debianDrop()
export const { drop } = body
/** What is told of the drop, without the link to it. */
export const line = 'Debian 12 cloud images 20260711 (nightly): 4 of 4 images passed'

let channels = 0

/** A channel that no other test has. */
export const newChannel = () => `#cloud${String((channels += 1))}`

/** What was said in a channel, and the topics that it was given. */
export const spokenIn = ({ lines }: Listener, channel: string) =>
  lines
    .filter((one) => new RegExp(` (NOTICE|PRIVMSG|TOPIC) ${channel} `).test(one))
    .map((one) => one.replace(/^:\S+ /, ''))
