import { join } from 'node:path'
import { z } from 'zod'
import { failure } from '#events/vocabulary.ts'
import { createSdkProcess } from '#publishing/sdk-process.ts'
import type { Cloud, CloudContext, Past, VersionName, VersionOrder } from '../cloud.ts'
import type { MarketplaceSettings } from '../config.ts'

/** What the process is asked for. */
export type CloudRequest = { readonly settings: MarketplaceSettings } & (
  | { readonly operation: 'list'; readonly order: VersionOrder; readonly how: Parameters<Cloud['list']>[1] }
  | { readonly operation: 'withdraw'; readonly version: VersionName; readonly past: Past | null }
)

const program = join(import.meta.dirname, 'cloud-main.ts')
const past = z.array(z.string())
const changeSet = z.string()
const listed = z.object({
  past,
  standing: z.discriminatedUnion('state', [
    z.object({ state: z.literal('queued'), behind: z.string() }),
    z.object({ state: z.enum(['validating', 'validated', 'in review']), changeSet }),
    z.object({ state: z.literal('live'), changeSet: changeSet.nullable(), deliveryOption: z.string() }),
    z.object({ state: z.literal('refused'), class: failure.shape.class, reason: z.string() }),
  ]),
})
const withdrawn = z.object({ past, waitsFor: z.string().nullable() })

/** The same cloud, each operation in a process of its own: the SDK takes memory that it never gives back (decision 0009). */
export function createCloudProcess(
  settings: MarketplaceSettings,
  env: Readonly<Record<string, string | undefined>>,
): Cloud {
  const call = createSdkProcess(program, settings, env)
  const ask = (request: CloudRequest, context: CloudContext) => call(request, context)
  return {
    list: async (order, how, context) => listed.parse(await ask({ operation: 'list', order, how, settings }, context)),
    withdraw: async (version, past, context) =>
      withdrawn.parse(await ask({ operation: 'withdraw', version, past, settings }, context)),
  }
}
