import { z } from 'zod'
import { failure } from '#events/vocabulary.ts'
import type { LinkTo } from '../../story/link.ts'
import { lineOf } from '../../story/line.ts'
import type { StoryImage } from '../../story/story.ts'
import type { Telling } from '../../story/telling.ts'

const text = z.string().describe('The whole in one line, for people')
const drop = z.string().describe('Name of the drop')
const title = z.string().describe('What people call it: `Debian 12 cloud images 20260711 (nightly)`')

const outcome = {
  image: z.string().describe('`generic.x86_64`'),
  passed: z.boolean(),
  failure: z.string().nullable().describe('Step and reason, when it failed'),
}

const publishedImage = z.strictObject({
  ...outcome,
  files: z.array(
    z.strictObject({
      name: z.string(),
      url: z.string().describe('On the mirror; a path below its root when it has no public address'),
      sha256: z.string(),
      size: z.int().describe('Bytes'),
      format: z.string().nullable().describe('`qcow2`, …; null for what describes an image'),
    }),
  ),
  registrations: z.array(
    z.strictObject({
      target: z.string().describe('What people call where it is registered'),
      place: z.string(),
      id: z.string(),
      name: z.string(),
      emulated: z.boolean(),
    }),
  ),
})

const withdrawn = z.strictObject({
  text,
  drop,
  title,
  by: z.string().describe('The newer drop, the person, the policy'),
})
const timestamp = z.iso.datetime().describe('When it happened')

/** What is posted, as Standard Webhooks has it: what happened, when, and the data of it. */
export const webhookBody = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('drop.published'),
    timestamp,
    data: z.strictObject({
      text,
      drop,
      title,
      release: z.string().describe('What all drops of a release have in common: `Debian-12`'),
      compose: z.string(),
      day: z.iso.date().describe('Of the compose'),
      blessedBy: z.string(),
      tree: z.string().describe('The drop on the mirror'),
      images: z.array(publishedImage),
    }),
  }),
  z.strictObject({
    type: z.literal('drop.waiting'),
    timestamp,
    data: z.strictObject({ text, drop, title, images: z.array(z.strictObject(outcome)) }),
  }),
  z.strictObject({
    type: z.literal('drop.failed'),
    timestamp,
    data: z.strictObject({
      text,
      drop,
      image: z.string().nullable().describe('`generic.x86_64`; null for the whole drop'),
      step: z.string(),
      class: failure.shape.class,
      reason: z.string(),
      log: z.string().nullable().describe('Where the artifact store keeps the log'),
    }),
  }),
  z.strictObject({ type: z.literal('drop.withdrawn'), timestamp, data: withdrawn }),
  z.strictObject({ type: z.literal('drop.expired'), timestamp, data: withdrawn }),
  z.strictObject({
    type: z.literal('drop.unchanged'),
    timestamp,
    data: z.strictObject({
      text,
      drop,
      title,
      since: z.string().describe('The drop since which nothing has changed; it stays the newest'),
    }),
  }),
  z.strictObject({
    type: z.literal('drop.overdue'),
    timestamp,
    data: z.strictObject({
      text,
      drop: z.string().describe('Its place in the calendar: `Fedora-44.Beta`'),
      release: z.string(),
      milestone: z.string().nullable().describe('Null for a weekly drop'),
      due: z.iso.datetime(),
      newest: z.string().nullable().describe('The newest compose of the release'),
    }),
  }),
])
export type WebhookBody = z.infer<typeof webhookBody>

interface Surroundings {
  readonly pageUrl: string
  readonly linkTo: LinkTo
}

/** Writes what is posted; of the same telling always the same. */
export function bodyOf(telling: Telling, { pageUrl, linkTo }: Surroundings): WebhookBody {
  const line = lineOf(telling, pageUrl)
  const about = { text: line.link === null ? line.text : `${line.text} ${line.link}`, drop: telling.drop }
  switch (telling.kind) {
    case 'published': {
      const { title, release, compose, day, blessedBy, tree, images, publishedAt } = telling.story
      const data = { ...about, title, release, compose, day, blessedBy, tree: linkTo(tree.path) }
      return {
        type: 'drop.published',
        timestamp: publishedAt,
        data: { ...data, images: images.map((image) => describeImage(image, linkTo)) },
      }
    }
    case 'waiting': {
      const images = telling.images.map(({ key, passed, failure: why }) => ({ image: key, passed, failure: why }))
      return { type: 'drop.waiting', timestamp: telling.at, data: { ...about, title: telling.title, images } }
    }
    case 'failed': {
      const { at, image, step, class: failureClass, reason, log } = telling
      return { type: 'drop.failed', timestamp: at, data: { ...about, image, step, class: failureClass, reason, log } }
    }
    case 'overdue': {
      const { at, release, milestone, due, newest } = telling
      return { type: 'drop.overdue', timestamp: at, data: { ...about, release, milestone, due, newest } }
    }
    case 'unchanged': {
      const { at, title: called, since } = telling
      return { type: 'drop.unchanged', timestamp: at, data: { ...about, title: called, since } }
    }
    case 'withdrawn':
    case 'expired': {
      const { kind, at, title: called, by } = telling
      return { type: `drop.${kind}`, timestamp: at, data: { ...about, title: called, by } }
    }
  }
}

function describeImage({ key, passed, failure: why, downloads, targets }: StoryImage, linkTo: LinkTo) {
  return {
    image: key,
    passed,
    failure: why,
    files: downloads.map(({ name, path, sha256, size, format }) => ({ name, url: linkTo(path), sha256, size, format })),
    registrations: targets.flatMap(({ title: target, registrations }) =>
      registrations.map(({ place, id, name, emulated }) => ({ target, place, id, name, emulated })),
    ),
  }
}
