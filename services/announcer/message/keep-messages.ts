import { join } from 'node:path'
import { z } from 'zod'
import { readIfThere, writeDurably } from '#files/durable.ts'
import { linkBelow } from '../story/link.ts'
import type { Story } from '../story/story.ts'
import { messageIdOf } from './identity.ts'
import { writeMessage } from './write-message.ts'

const address = z.email()

/** Sender and recipients of the announcement, whether it is mailed or only kept. */
export const messageSettings = {
  from: address.nullable().default(null),
  to: z
    .string()
    .transform((list) =>
      list
        .split(',')
        .map((one) => one.trim())
        .filter((one) => one !== ''),
    )
    .pipe(z.array(address))
    .default([]),
}

/** An announcement as it is sent. */
export interface Message {
  readonly id: string
  readonly from: string
  readonly bytes: Buffer
  /** The file that it is in. */
  readonly path: string
}

interface Surroundings {
  /** Where messages are kept. */
  readonly folder: string
  readonly domain: string
  readonly mirrorUrl: string | null
}

/** Whom announcements are from. */
export function senderOf({ from }: { readonly from: string | null }, domain: string): string {
  return from ?? `imagedrop@${domain}`
}

/** Makes the function that provides a drop's announcement. Written once, it stays as it is, also for newer programs. */
export function keepMessages(
  { folder, domain, mirrorUrl }: Surroundings,
  { to, ...settings }: { readonly from: string | null; readonly to: readonly string[] },
): (story: Story) => Promise<Message> {
  const from = senderOf(settings, domain)
  // Without a public mirror, people read paths below its root.
  const linkTo = linkBelow(mirrorUrl ?? '')
  return async (story) => {
    const path = join(folder, `${story.drop}.eml`)
    const written = await readIfThere(path)
    const bytes = written ?? (await writeMessage(story, { domain, from, to }, linkTo))
    if (!written) await writeDurably(path, bytes)
    return { id: messageIdOf(story.drop, domain), from, bytes, path }
  }
}
