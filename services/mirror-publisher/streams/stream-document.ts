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
    .array(registration.omit({ details: true }))
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

/** Where the schema of stream documents is, relative to the mirror root. */
export const streamSchemaPath = 'streams/schema.json'

const streamDocument = z
  .strictObject({
    $schema: z.literal('schema.json'),
    format: z.literal('imagedrop-stream:1'),
    stream: z.string().describe('Short name and version of the release: `Fedora-Rawhide`'),
    updated: z.iso.datetime().describe('When the newest change was heard of'),
    drops: z.array(indexedDrop).describe('Newest compose first'),
  })
  .meta({
    title: 'imagedrop stream document',
    description: 'All drops of one release. Paths are relative to the mirror root, the folder above this one.',
  })
/** `streams/<stream>.json`: all that is known of the drops of one release. Every other index is made of these. */
export type StreamDocument = z.infer<typeof streamDocument>

/** The stream that a compose belongs to. */
export function streamOf({ short, version }: Pick<ComposeRef, 'short' | 'version'>): string {
  return `${short}-${version}`
}

/** A stream without drops. */
export function emptyStream(stream: string): StreamDocument {
  const updated = new Date(0).toISOString()
  return { $schema: 'schema.json', format: 'imagedrop-stream:1', stream, updated, drops: [] }
}

/** Reads a stream document; throws when it is none. */
export function parseStreamDocument(text: string): StreamDocument {
  return streamDocument.parse(JSON.parse(text))
}

/** A drop on each line, so that people can read what changed, too. */
export function formatStreamDocument({ drops, ...head }: StreamDocument): string {
  const lines = drops.map((one) => `\n${JSON.stringify(one)}`)
  return `${JSON.stringify(head).slice(0, -1)},"drops":[${lines.join(',')}\n]}\n`
}

/** The JSON Schema of stream documents. */
export function formatStreamSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(streamDocument), null, 2)}\n`
}
