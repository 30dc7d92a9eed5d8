import { createReadStream } from 'node:fs'
import { Transform } from 'node:stream'
import { z } from 'zod'
import { TransientError } from '#service/errors.ts'
import { failureOf } from './failure.ts'
import type { Reply } from '#publishing/http.ts'
import type { Session } from './session.ts'

const image = z.looseObject({
  id: z.string(),
  name: z.string().nullable(),
  status: z.string(),
  visibility: z.string(),
  owner: z.string().nullable(),
  size: z.number().nullable(),
  virtual_size: z.number().nullable().optional(),
  disk_format: z.string().nullable(),
  os_hash_algo: z.string().nullable().optional(),
  os_hash_value: z.string().nullable().optional(),
  os_hidden: z.boolean().optional(),
  /** Stores that an import could not fill. */
  os_glance_failed_import: z.string().optional(),
  /** The import that is under way; it may not have begun, and an earlier one's failure is still there then. */
  os_glance_import_task: z.string().optional(),
  updated_at: z.string(),
  tags: z.array(z.string()).default([]),
})

/** An image as Glance shows it; our own properties among the others. */
export type GlanceImage = z.infer<typeof image>

/** What an image is made with. Values of properties are strings. */
export interface NewImage {
  readonly id: string
  readonly name: string
  readonly disk_format: string
  readonly container_format: 'bare'
  readonly visibility: 'private'
  readonly min_disk: number
  readonly min_ram: number
  readonly tags: readonly string[]
  readonly properties: Readonly<Record<string, string>>
}

/** Glance v2 (docs.openstack.org/api-ref/image/v2), as one account sees it. Throws TransientError, PermanentError. */
export interface Glance {
  readonly place: string
  readonly session: Session
}

/** The image with this id; null when there is none, or none that we may see. */
export async function findImage(
  { place, session }: Glance,
  id: string,
  signal: AbortSignal,
): Promise<GlanceImage | null> {
  const reply = await session.ask({ method: 'GET', path: `/images/${id}` }, signal)
  if (reply.status === 404) return null
  if (reply.status !== 200) throw failureOf(`${place}: image ${id}`, reply)
  return parse(place, image, reply)
}

/** Our project's images that have properties of these values, hidden ones too. */
export async function listImages(
  glance: Glance,
  properties: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<GlanceImage[]> {
  const owner = await glance.session.project(signal)
  const found: GlanceImage[] = []
  for (const hidden of ['false', 'true']) {
    const query = new URLSearchParams({ ...properties, owner, os_hidden: hidden, limit: '100' })
    let path: string | undefined = `/images?${query.toString()}`
    while (path !== undefined) {
      const reply = await glance.session.ask({ method: 'GET', path }, signal)
      if (reply.status !== 200) throw failureOf(`${glance.place}: list of images`, reply)
      const page = parse(glance.place, z.object({ images: z.array(image), next: z.string().optional() }), reply)
      found.push(...page.images)
      path = page.next?.replace(/^\/v2/, '')
    }
  }
  return found
}

/** Makes an image without data. False when the id is, or ever was, somebody's. */
export async function createImage(
  { place, session }: Glance,
  { properties, ...rest }: NewImage,
  signal: AbortSignal,
): Promise<boolean> {
  const body = () => JSON.stringify({ ...rest, ...properties })
  const headers = { 'content-type': 'application/json' }
  const reply = await session.ask({ method: 'POST', path: '/images', headers, body }, signal)
  if (reply.status === 201) return true
  if (reply.status === 409) return false
  throw failureOf(`${place}: making the image ${rest.name}`, reply)
}

/** Sends an image's data. False when somebody else is at it, has done it, or has removed the image: look again. */
export async function sendData(
  { place, session }: Glance,
  id: string,
  file: { readonly path: string; readonly size: number },
  onBytes: (count: number) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const counted = () =>
    createReadStream(file.path, { highWaterMark: 1024 * 1024 }).compose(
      new Transform({
        transform(chunk: Buffer, _, done) {
          onBytes(chunk.length)
          done(null, chunk)
        },
      }),
    )
  const headers = { 'content-type': 'application/octet-stream', 'content-length': file.size }
  const reply = await session.ask({ method: 'PUT', path: `/images/${id}/file`, headers, body: counted }, signal)
  if (reply.status === 204) return true
  if (reply.status === 409 || reply.status === 410 || reply.status === 404) return false
  throw failureOf(`${place}: sending the data of ${id}`, reply)
}

/**
 * Has Glance fetch an image's data from an address (docs.openstack.org/glance, "Interoperable Image Import"). False when
 * somebody else is at it, or has done it: look again.
 */
export async function importImage(
  { place, session }: Glance,
  id: string,
  uri: string,
  signal: AbortSignal,
): Promise<boolean> {
  const body = () => JSON.stringify({ method: { name: 'web-download', uri } })
  const headers = { 'content-type': 'application/json' }
  const reply = await session.ask({ method: 'POST', path: `/images/${id}/import`, headers, body }, signal)
  if (reply.status === 202) return true
  if (reply.status === 409 || reply.status === 404) return false
  const advice =
    'does the cloud allow web-download from there? Else take it from IMAGEDROP_OPENSTACK_PUBLISHER_DOWNLOADS'
  throw failureOf(`${place}: fetching ${uri}`, reply, advice)
}

/** What Glance says of the last import of an image that failed. */
export async function whyImportFailed({ place, session }: Glance, id: string, signal: AbortSignal): Promise<string> {
  const reply = await session.ask({ method: 'GET', path: `/images/${id}/tasks` }, signal)
  // Releases before Victoria have no list of tasks.
  if (reply.status !== 200) return 'the import failed'
  const { tasks } = parse(place, taskList, reply)
  const failed = tasks
    .filter(({ status }) => status === 'failure')
    .toSorted((one, other) => (one.created_at < other.created_at ? 1 : -1))
  return failed[0]?.message || 'the import failed'
}

const taskList = z.object({
  tasks: z
    .array(z.object({ status: z.string(), message: z.string().nullable().default(null), created_at: z.string() }))
    .default([]),
})

/** Replaces base properties of an image. `advice` is what people can do when that is refused. */
export async function changeImage(
  { place, session }: Glance,
  id: string,
  values: Readonly<Record<string, string | boolean>>,
  signal: AbortSignal,
  advice?: string,
): Promise<void> {
  const body = () =>
    JSON.stringify(Object.entries(values).map(([key, value]) => ({ op: 'replace', path: `/${key}`, value })))
  const headers = { 'content-type': 'application/openstack-images-v2.1-json-patch' }
  const reply = await session.ask({ method: 'PATCH', path: `/images/${id}`, headers, body }, signal)
  if (reply.status !== 200)
    throw failureOf(`${place}: changing ${Object.keys(values).join(', ')} of ${id}`, reply, advice)
}

/** Removes an image; one that is gone is no error. */
export async function deleteImage({ place, session }: Glance, id: string, signal: AbortSignal): Promise<void> {
  const reply = await session.ask({ method: 'DELETE', path: `/images/${id}` }, signal)
  if (reply.status === 204 || reply.status === 404) return
  // Somebody deleted it after Glance had found it: that comes as a change of state which there is not.
  if (reply.status === 400 && reply.text.includes('from deleted to deleted')) return
  // A copy-on-write store keeps an image while a server's disk is made of it.
  if (reply.status === 409) throw new TransientError(`${place}: deleting ${id}: it is in use`)
  throw failureOf(`${place}: deleting ${id}`, reply)
}

function parse<Shape extends z.ZodType>(place: string, shape: Shape, reply: Reply): z.infer<Shape> {
  try {
    return shape.parse(JSON.parse(reply.text))
  } catch (cause) {
    throw new TransientError(`${place}: Glance's answer is no image: ${reply.text.slice(0, 100)}`, { cause })
  }
}
