import { z } from 'zod'

/** `deregistered` is in no list any more, and has no name that would be taken (`ImageMetadata.State`). */
export const imageRecord = z.object({
  id: z.string(),
  owner: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  architecture: z.string(),
  location: z.string(),
  virtualization: z.enum(['hvm', 'paravirtual']),
  /** SHA-256 of the manifest as it was registered. */
  manifest: z.string(),
  state: z.enum(['available', 'deregistered', 'gone']),
  isPublic: z.boolean(),
  permissions: z.array(z.string()),
  tags: z.record(z.string(), z.string()),
  createdAt: z.number(),
})
export type ImageRecord = z.infer<typeof imageRecord>

export const bucketRecord = z.object({ id: z.string(), owner: z.string(), createdAt: z.number(), isGone: z.boolean() })
export type BucketRecord = z.infer<typeof bucketRecord>

export const objectRecord = z.object({
  id: z.string(),
  bucket: z.string(),
  key: z.string(),
  acl: z.string(),
  size: z.number(),
  md5: z.string(),
  /** The file that its bytes are in; a new one each time that they are put. */
  file: z.string(),
  modifiedAt: z.number(),
  isGone: z.boolean(),
})
export type ObjectRecord = z.infer<typeof objectRecord>
