import { join } from 'node:path'
import { z } from 'zod'
import { readIfThere, writeDurably } from '#files/durable.ts'
import { linkBelow } from '../story/link.ts'
import type { Story } from '../story/story.ts'
import { messageIdOf } from './identity.ts'
import { readTemplates } from './template.ts'
import { writeMessage, type Correspondence } from './write-message.ts'

const address = z.email()

/** A list with commas; what is empty is left out. */
export const commaList = z.string().transform((list) =>
  list
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== ''),
)

/** Recipients, with commas. */
export const addresses = commaList.pipe(z.array(address)).default([])

/** Sender and recipients of the announcement, whether it is mailed or only kept. */
export const messageSettings = {
  from: address.nullable().default(null),
  to: addresses,
  templates: z.string().nullable().default(null),
}

interface MessageSettings {
  readonly from: string | null
  readonly to: readonly string[]
  readonly templates: string | null
}

/** Who announcements are from and for, as the settings have it. */
export function correspondenceOf({ from, to, templates }: MessageSettings, domain: string): Correspondence {
  return { domain, from: from ?? `imagedrop@${domain}`, to, templates: readTemplates(templates) }
}

/** An announcement as it is sent. */
export interface Message {
  readonly id: string
  readonly bytes: Buffer
  /** The file that it is in. */
  readonly path: string
}

interface Surroundings {
  /** Where messages are kept. */
  readonly folder: string
  readonly mirrorUrl: string | null
}

/** Makes the function that provides a drop's announcement. Written once, it stays as it is, also for newer programs. */
export function keepMessages(
  { folder, mirrorUrl }: Surroundings,
  correspondence: Correspondence,
): (story: Story) => Promise<Message> {
  // Without a public mirror, people read paths below its root.
  const linkTo = linkBelow(mirrorUrl ?? '')
  return async (story) => {
    const path = join(folder, `${story.drop}.eml`)
    const written = await readIfThere(path)
    const bytes = written ?? (await writeMessage(story, correspondence, linkTo))
    if (!written) await writeDurably(path, bytes)
    return { id: messageIdOf(story.drop, correspondence.domain), bytes, path }
  }
}
