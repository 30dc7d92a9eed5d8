import { z } from 'zod'
import { describeIssues } from '#events/parse.ts'
import { MetadataUnreadable, type ReadMetadata } from './read-metadata.ts'

const byArchitecture = z.record(z.string(), z.string()).optional()

const composeinfo = z.object({
  payload: z.object({
    compose: z.object({ id: z.string(), label: z.string().nullish() }),
    release: z.object({ type: z.string().optional(), is_layered: z.boolean().optional() }),
    variants: z.record(
      z.string(),
      z.object({
        arches: z.array(z.string()),
        paths: z.object({ images: byArchitecture, repository: byArchitecture, os_tree: byArchitecture }).optional(),
      }),
    ),
  }),
})
export type Composeinfo = z.infer<typeof composeinfo>['payload']

const images = z.object({
  payload: z.object({ images: z.record(z.string(), z.record(z.string(), z.array(z.unknown()))) }),
})
/** Images by variant and architecture. */
export type ComposeImages = z.infer<typeof images>['payload']['images']

interface Place {
  readonly name: string
  readonly location: string
}

/** Reads what a compose says of itself. Throws MetadataUnreadable, also when it turns out to be another compose. */
export async function readComposeinfo(place: Place, read: ReadMetadata, signal: AbortSignal): Promise<Composeinfo> {
  const { payload } = await readAs(composeinfo, place, 'composeinfo.json', read, signal)
  // `latest-Fedora-28` and the like may point to a newer compose by now.
  if (payload.compose.id === place.name) return payload
  throw new MetadataUnreadable(`${place.location} now holds the compose ${payload.compose.id}`, true)
}

/** Reads which images a compose holds. Throws MetadataUnreadable. */
export async function readComposeImages(place: Place, read: ReadMetadata, signal: AbortSignal): Promise<ComposeImages> {
  return (await readAs(images, place, 'images.json', read, signal)).payload.images
}

async function readAs<Schema extends z.ZodType>(
  schema: Schema,
  { location }: Place,
  file: string,
  read: ReadMetadata,
  signal: AbortSignal,
): Promise<z.infer<Schema>> {
  const content = await read(location, file, signal)
  const parsed = schema.safeParse(content)
  if (parsed.success) return parsed.data
  throw new MetadataUnreadable(`${location}/metadata/${file}: ${describeIssues(parsed.error, content)}`, true)
}
