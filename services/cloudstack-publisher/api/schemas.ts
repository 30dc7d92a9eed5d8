import { z } from 'zod'

/** Answers of CloudStack, as far as we read them (cloudstack.apache.org/api). */
export const template = z.object({
  id: z.string(),
  name: z.string(),
  displaytext: z.string().default(''),
  ispublic: z.boolean().default(false),
  isfeatured: z.boolean().default(false),
  isready: z.boolean().default(false),
  status: z.string().default(''),
  created: z.string().default(''),
  checksum: z.string().optional(),
  format: z.string().optional(),
  downloaddetails: z
    .array(z.looseObject({ downloadState: z.string().optional(), downloadPercent: z.string().optional() }))
    .default([]),
})
export type Template = z.infer<typeof template>

/** An empty list has neither key. */
export const templateList = z.object({ count: z.number().default(0), template: z.array(template).default([]) })
export const zoneList = z.object({ zone: z.array(z.object({ id: z.string(), name: z.string() })).default([]) })
export const osTypeList = z.object({
  ostype: z.array(z.object({ id: z.string(), description: z.string() })).default([]),
})

export const startedJob = z.object({ jobid: z.string() })
/** `jobstatus`: 0 under way, 1 done, 2 failed. */
export const jobReply = z.object({
  jobstatus: z.number(),
  jobresult: z.looseObject({ errorcode: z.number().optional() }).default({}),
})
export const anything = z.unknown()
