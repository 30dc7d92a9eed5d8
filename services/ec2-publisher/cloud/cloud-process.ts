import { join } from 'node:path'
import { z } from 'zod'
import { auditReport, type ClaimedDrop } from '#service/audit.ts'
import { missingPlace, registration, type Registration } from '#events/vocabulary.ts'
import { createSdkProcess } from '#publishing/sdk-process.ts'
import type { Ec2Settings } from '../config.ts'
import type { Cloud, CloudContext, Placing, Publication, UploadOrder, Withdrawal } from '../cloud.ts'

/** What the process is asked for. */
export type CloudRequest = { readonly settings: Ec2Settings } & (
  | { readonly operation: 'upload'; readonly order: UploadOrder; readonly how: Placing | undefined }
  | { readonly operation: 'try'; readonly order: UploadOrder; readonly registrations: readonly Registration[] }
  | { readonly operation: 'abandon'; readonly drop: string; readonly image: string }
  | {
      readonly operation: 'publish'
      readonly registrations: readonly Registration[]
      readonly how: Publication | undefined
    }
  | {
      readonly operation: 'withdraw'
      readonly drop: string
      readonly withdrawal: Withdrawal
    }
  | { readonly operation: 'audit'; readonly drops: readonly ClaimedDrop[]; readonly repair: boolean }
)

const program = join(import.meta.dirname, 'cloud-main.ts')
const places = { registrations: z.array(registration), missing: z.array(missingPlace) }
const uploaded = z.object({
  ...places,
  pending: z.array(z.string()),
  usable: z.array(z.string()),
  importing: z.boolean(),
  bytes: z.int().min(0),
})
const published = z.object({ ...places, unnamed: z.array(z.string()) })

/**
 * The same cloud, each operation in a process of its own. The AWS SDK takes 90 MB that it never gives back, and the
 * digests of a disk a whole core: neither may weigh on the services that share our process.
 */
export function createCloudProcess(settings: Ec2Settings, env: Readonly<Record<string, string | undefined>>): Cloud {
  const call = createSdkProcess(program, settings, env)
  const ask = (request: CloudRequest, context: CloudContext) => call(request, context)
  return {
    upload: async (order, context, how) =>
      uploaded.parse(await ask({ operation: 'upload', order, how, settings }, context)),
    tryOut: async (order, registrations, context) =>
      z
        .string()
        .nullable()
        .parse(await ask({ operation: 'try', order, registrations, settings }, context)),
    abandon: async (drop, image, context) => {
      await ask({ operation: 'abandon', drop, image, settings }, context)
    },
    publish: async (registrations, context, how) =>
      published.parse(await ask({ operation: 'publish', registrations, how, settings }, context)),
    withdraw: async (drop, context, withdrawal) =>
      z.array(z.string()).parse(await ask({ operation: 'withdraw', drop, withdrawal, settings }, context)),
    audit: async (drops, context, { repair }) =>
      auditReport.parse(await ask({ operation: 'audit', drops, repair, settings }, context)),
  }
}
