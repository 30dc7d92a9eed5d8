import { z } from 'zod'
import {
  architecture,
  checkResult,
  composeRef,
  dropContext,
  flavour,
  mirroredFile,
  registration,
  verdict,
  type ComposeRef,
} from '#events/vocabulary.ts'

const file = mirroredFile.omit({ image: true })

const image = z.strictObject({
  name: z.string().describe('Within the drop: `generic.x86_64`'),
  flavour,
  architecture,
  verdict,
  failure: z.string().nullable().describe('Step and reason, when it failed'),
  checks: z.array(checkResult.omit({ detail: true, seconds: true })).describe('What the boot test checked'),
  files: z
    .array(file.extend({ type: z.string().describe('How the name ends: `qcow2`, `raw.xz`, `packages.json`') }))
    .describe('Empty while the drop is closed'),
  registrations: z
    .array(
      registration.omit({ details: true }).extend({
        state: z.string().optional().describe('How it stands there: `public`, `in review`, `live`'),
      }),
    )
    .describe('The image in clouds; empty until each place was seen to be public'),
})

/** The shape of a drop in a stream document. */
export const indexedDrop = z.strictObject({
  ...dropContext,
  compose: composeRef.omit({ location: true, incomplete: true }),
  state: z
    .enum(['staged', 'blessed', 'superseded', 'withdrawn', 'expired'])
    .describe(
      'Staged: closed. Blessed: open. Superseded: another drop took its place. Withdrawn: by a person. Expired: by policy',
    ),
  since: z.iso.datetime().describe('When it came into this state'),
  updated: z.iso.datetime().describe('When the newest change to it was heard of'),
  path: z
    .string()
    .nullable()
    .describe('Its folder, relative to the mirror root: the drop, or the note in its place; null while it is closed'),
  blessedBy: z.string().nullable(),
  end: z
    .strictObject({
      by: z.string().describe('The newer drop, the person, or the policy'),
      reason: z.string().nullable(),
      successor: dropContext.drop.nullable().describe('What to use instead'),
    })
    .nullable()
    .describe('Why it is over; null while it is not'),
  images: z.array(image),
  files: z.array(file).describe('Checksums and metadata: what belongs to no single image'),
})
/** A drop as the indexes tell it. */
export type IndexedDrop = z.infer<typeof indexedDrop>
export type IndexedImage = IndexedDrop['images'][number]

/** Where the schemas are, relative to the mirror root. */
export const streamSchemaPath = 'streams/schema.json'
export const dropSchemaPath = 'streams/drop-schema.json'

const dropDocument = z
  .strictObject({
    $schema: z.literal('../drop-schema.json'),
    format: z.literal('imagedrop-indexed-drop:1'),
    ...indexedDrop.shape,
  })
  .meta({
    title: 'imagedrop indexed drop',
    description: 'All that is known of one drop. Paths are relative to the mirror root, two folders above this one.',
  })

/** What a stream says of a drop itself; the rest is in the drop's own document. */
const listedDrop = indexedDrop
  .pick({ drop: true, kind: true, milestone: true, state: true, since: true, updated: true, path: true })
  .extend({ document: z.string().describe('Where all that is known of it is, relative to the mirror root') })
export type ListedDrop = z.infer<typeof listedDrop>

const streamIndex = z
  .strictObject({
    $schema: z.literal('schema.json'),
    format: z.literal('imagedrop-stream:1'),
    stream: z.string().describe('Short name and version of the release: `Fedora-Rawhide`'),
    updated: z.iso.datetime().describe('When the newest change was heard of'),
    drops: z.array(listedDrop).describe('Newest compose first'),
  })
  .meta({
    title: 'imagedrop stream document',
    description: 'All drops of one release. Paths are relative to the mirror root, the folder above this one.',
  })
export type StreamIndex = z.infer<typeof streamIndex>

/** All that is known of the drops of one release. Every index is made of these. */
export interface StreamDocument {
  readonly stream: string
  /** When the newest change was heard of. */
  readonly updated: string
  /** Newest compose first. */
  readonly drops: readonly IndexedDrop[]
}

/** Where a stream is, relative to the mirror root. */
export function streamPathOf(stream: string): string {
  return `streams/${stream}.json`
}

/** Where a drop of a stream is, relative to the mirror root. */
export function dropPathOf(stream: string, drop: string): string {
  return `streams/${stream}/${drop}.json`
}

/** The stream that a compose belongs to. */
export function streamOf({ short, version }: Pick<ComposeRef, 'short' | 'version'>): string {
  return `${short}-${version}`
}

/** A stream without drops. */
export function emptyStream(stream: string): StreamDocument {
  return { stream, updated: new Date(0).toISOString(), drops: [] }
}

/** Reads what a stream says of its drops; throws when it is none. */
export function parseStreamIndex(text: string): StreamIndex {
  return streamIndex.parse(JSON.parse(text))
}

/** Reads the document of one drop; throws when it is none. */
export function parseIndexedDrop(text: string): IndexedDrop {
  const { $schema: _schema, format: _format, ...drop } = dropDocument.parse(JSON.parse(text))
  return drop
}

/** The document of one drop. */
export function formatIndexedDrop(drop: IndexedDrop): string {
  return `${JSON.stringify({ $schema: '../drop-schema.json', format: 'imagedrop-indexed-drop:1', ...drop })}\n`
}

/** A drop on each line, so that people can read what changed, too. */
export function formatStreamIndex({ stream, updated, drops }: StreamDocument): string {
  const head = JSON.stringify({ $schema: 'schema.json', format: 'imagedrop-stream:1', stream, updated })
  const listed = drops.map((drop) => `\n${lineOf(stream, drop)}`)
  return `${head.slice(0, -1)},"drops":[${listed.join(',')}\n]}\n`
}

/** What a stream says of a drop. */
export function lineOf(stream: string, one: IndexedDrop): string {
  const known = lines.get(one)
  if (known !== undefined) return known
  const { drop, kind, milestone, state, since, updated, path } = one
  const listed = { drop, kind, milestone, state, since, updated, path, document: dropPathOf(stream, drop) }
  const line = JSON.stringify(listed satisfies ListedDrop)
  lines.set(one, line)
  return line
}

/** A drop that has not changed is the same object. */
const lines = new WeakMap<IndexedDrop, string>()

/** The JSON Schemas of streams and of drops in them. */
export function formatStreamSchema(): string {
  return formatSchema(streamIndex)
}

export function formatDropSchema(): string {
  return formatSchema(dropDocument)
}

function formatSchema(shape: z.ZodType): string {
  return `${JSON.stringify(z.toJSONSchema(shape), null, 2)}\n`
}
