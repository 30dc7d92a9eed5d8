import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { readConfig } from '#service/config.ts'

const shippedPolicy = fileURLToPath(new URL('../../deploy/drops.yaml', import.meta.url))

/** Reads the scheduler's settings from the environment; see the table in the README. */
export function readSchedulerConfig(env: Readonly<Record<string, string | undefined>>) {
  return readConfig(
    'SCHEDULER',
    {
      policy: z.string().min(1).default(shippedPolicy),
      allowedLocations: z
        .string()
        .default('')
        .transform((list) =>
          list
            .split(',')
            .map((one) => one.trim())
            .filter((one) => one !== ''),
        ),
      token: z.string().min(16).optional(),
      metadataDeadline: z.coerce.number().int().min(100).max(300_000).default(15_000),
      metadataMaxBytes: z.coerce.number().int().min(1024).max(1_000_000_000).default(33_554_432),
    },
    env,
  )
}
