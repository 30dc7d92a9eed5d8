import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { readConfig } from '#service/config.ts'
import { checkTokens } from './intake/token.ts'

const list = (text: string) =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
const shippedPolicy = fileURLToPath(new URL('../../deploy/drops.yaml', import.meta.url))

/** Reads the scheduler's settings from the environment; see the table in the README. */
export function readSchedulerConfig(env: Readonly<Record<string, string | undefined>>) {
  return readConfig(
    'SCHEDULER',
    {
      policy: z.string().min(1).default(shippedPolicy),
      allowedLocations: z.string().default('').transform(list),
      token: z.string().min(16).superRefine(checkTokens).optional(),
      metadataDeadline: z.coerce.number().int().min(100).max(300_000).default(15_000),
      metadataMaxBytes: z.coerce.number().int().min(1024).max(1_000_000_000).default(33_554_432),
      archiveUrl: z.url({ protocol: /^https?$/ }).optional(),
      archiveTopics: z.string().min(1).default('org.fedoraproject.prod.pungi.compose.status.change').transform(list),
      archiveMinutes: z.coerce.number().int().min(1).max(1440).default(15),
      archiveOverlap: z.coerce.number().int().min(0).max(1440).default(60),
      archiveDays: z.coerce.number().int().min(1).max(60).default(7),
    },
    env,
  )
}
