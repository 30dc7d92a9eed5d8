import { z } from 'zod'

const tags = z.array(z.object({ key: z.string(), value: z.string() }))
/** Milliseconds since 1970, or null for what has not happened. */
const moment = z.number().nullable()

export const snapshotRecord = z.object({
  id: z.string(),
  region: z.string(),
  owner: z.string(),
  description: z.string(),
  volumeSize: z.int().describe('GiB'),
  tags,
  startedAt: z.number(),
  timeoutMinutes: z.int(),
  token: z.string().nullable(),
  /** Tells whether a second request with the same token is the same request. */
  requestDigest: z.string(),
  sealedAt: moment,
  blocks: z.int().describe('How many it had when it was sealed, those of its parent included'),
  deletedAt: moment,
  public: z.boolean(),
  kmsKeyId: z.string().nullable().default(null).describe('The key that it is encrypted with'),
  copyOf: z.string().nullable().default(null).describe('The snapshot whose blocks it has, when it is a copy'),
  parent: z
    .string()
    .nullable()
    .default(null)
    .describe('The snapshot whose blocks it has where none were written to it'),
})
export type SnapshotRecord = z.infer<typeof snapshotRecord>

export const imageRecord = z.object({
  id: z.string(),
  region: z.string(),
  owner: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  architecture: z.string(),
  bootMode: z.string().nullable(),
  tpmSupport: z.string().nullable(),
  imdsSupport: z.string().nullable(),
  enaSupport: z.boolean(),
  sriovNetSupport: z.string().nullable(),
  virtualizationType: z.string(),
  rootDeviceName: z.string(),
  mappings: z.array(
    z.object({
      deviceName: z.string(),
      virtualName: z.string().nullable(),
      snapshotId: z.string().nullable(),
      volumeSize: z.int(),
      volumeType: z.string(),
      deleteOnTermination: z.boolean(),
      encrypted: z.boolean().default(false),
    }),
  ),
  tags,
  createdAt: z.number(),
  deregisteredAt: moment,
  public: z.boolean(),
  source: z
    .object({ id: z.string(), region: z.string(), token: z.string().nullable(), request: z.string() })
    .nullable()
    .default(null)
    .describe('What it was copied of, and by which request'),
  failure: z.string().nullable().default(null).describe('Why its copy came to nothing'),
  deprecatedFrom: moment.default(null),
  protected: z.boolean().default(false).describe('It cannot be deregistered'),
  watermarks: z
    .array(z.object({ key: z.string(), imageId: z.string(), region: z.string(), imageAt: z.number(), at: z.number() }))
    .default([])
    .describe('With the image that each was attached to first'),
})
export type ImageRecord = z.infer<typeof imageRecord>

export const instanceRecord = z.object({
  id: z.string(),
  region: z.string(),
  owner: z.string(),
  reservationId: z.string(),
  imageId: z.string(),
  type: z.string(),
  bootMode: z.string().describe('The firmware that it was started by'),
  userData: z.string().describe('In base64, as it was given'),
  endsOnShutdown: z.boolean().describe('A guest that powers itself off ends its instance'),
  token: z.string().nullable(),
  request: z.string().describe('Tells whether a second request with the same token is the same request'),
  tags,
  launchedAt: z.number(),
  endedAt: moment,
  reason: z.object({ code: z.string(), message: z.string() }).nullable(),
})
export type InstanceRecord = z.infer<typeof instanceRecord>

export const parameterRecord = z.object({
  id: z.string(),
  region: z.string(),
  owner: z.string(),
  name: z.string(),
  type: z.enum(['String', 'StringList']),
  dataType: z.string(),
  tags,
  versions: z.array(
    z.object({
      number: z.int(),
      value: z.string(),
      description: z.string(),
      at: z.number(),
      seenFrom: z.number().describe('When its value was found to be valid'),
      labels: z.array(z.string()),
    }),
  ),
  deletedAt: moment,
})
export type ParameterRecord = z.infer<typeof parameterRecord>

export const importRecord = z.object({
  id: z.string(),
  region: z.string(),
  owner: z.string(),
  description: z.string(),
  bucket: z.string(),
  key: z.string(),
  format: z.string(),
  token: z.string().nullable(),
  request: z.string().describe('Tells whether a second request with the same token is the same request'),
  tags,
  startedAt: z.number(),
  readAt: moment.describe('When the object was read to its end, or could not be'),
  size: z.int().describe('Bytes of the object; 0 before it was read'),
  failure: z.string().nullable().describe('Why it could not be read'),
  snapshotId: z.string().nullable(),
  cancelledAt: moment,
})
export type ImportRecord = z.infer<typeof importRecord>

/** What is set for an account in a region. */
export const settingsRecord = z.object({
  id: z.string().describe('account.region'),
  imageBlockPublicAccess: z.enum(['unblocked', 'block-new-sharing']),
  ebsEncryptionByDefault: z.boolean().default(false),
  snapshotBlockPublicAccess: z.enum(['unblocked', 'block-all-sharing', 'block-new-sharing']).default('unblocked'),
})
export type SettingsRecord = z.infer<typeof settingsRecord>

export type TagRecord = z.infer<typeof tags>[number]
