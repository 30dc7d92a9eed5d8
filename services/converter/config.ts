import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { readConfig } from '#service/config.ts'

/** Reads the converter's settings. None of them changes a byte of what is made: that is the plan's to say. */
export function readConverterConfig(env: Readonly<Record<string, string | undefined>>) {
  return readConfig(
    'CONVERTER',
    {
      concurrency: z.coerce.number().int().min(1).max(64).default(1),
      threads: z.coerce
        .number()
        .int()
        .min(1)
        .max(1024)
        .default(() => availableParallelism()),
      memoryMib: z.coerce.number().int().min(64).default(2048),
      deadlineMinutes: z.coerce.number().positive().default(240),
      idleMinutes: z.coerce.number().positive().default(20),
    },
    env,
  )
}
