import { z } from 'zod'
import { readSettingsFile } from '../settings-file.ts'

const address = z
  .url({ protocol: /^(https?|ftp)$/ })
  .transform((url) => (url.endsWith('/') ? url : `${url}/`))
  .describe('Where the root of the tree is')

const place = z.strictObject({
  url: address,
  location: z
    .string()
    .regex(/^[a-z]{2}$/, 'expected two small letters, as ISO 3166-1 has them')
    .nullable()
    .default(null)
    .describe('The country that the mirror is in'),
  priority: z.int().min(1).max(999_999).nullable().default(null).describe('The lower, the sooner; last without one'),
})

const file = z.strictObject({
  metalink: z.boolean().default(true).describe('A .meta4 beside each image'),
  torrent: z.boolean().default(false).describe('A .torrent beside each image'),
  trackers: z.array(z.url()).default([]).describe('Trackers that torrents name'),
  mirrors: z.array(place).default([]).describe('Mirrors that have the tree'),
})

/** How images can be fetched from many mirrors at once. */
export type Downloads = z.output<typeof file>
/** A mirror that has the tree. */
export type MirrorPlace = Downloads['mirrors'][number]

/** Reads the file of mirrors; the public address of our own is the last of them. Throws Error that names the field. */
export function readDownloads(path: string, publicUrl: string | null): Downloads {
  const read = readSettingsFile(path, file)
  const own = publicUrl === null ? [] : [{ url: publicUrl, location: null, priority: null }]
  const mirrors = [...read.mirrors, ...own]
  if (mirrors.length > 0) return { ...read, mirrors }
  throw new Error(`${path}: mirrors: expected one, as this mirror has no public address either`)
}
