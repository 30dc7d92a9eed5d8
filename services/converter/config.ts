import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { readConfig } from '#service/config.ts'
import type { PieceCacheOptions } from './pieces/piece-cache.ts'

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
      cache: z
        .string()
        .optional()
        .describe('Folder of the encoded pieces, which may be the same for all state folders of a host'),
      cacheGib: z.coerce.number().min(0).default(10),
      deadlineMinutes: z.coerce.number().positive().default(240),
      idleMinutes: z.coerce.number().positive().default(20),
    },
    env,
  )
}

/** Where the cache of encoded pieces is, and how many bytes it may have. */
export function cacheOf(
  { cache, cacheGib }: Pick<ReturnType<typeof readConverterConfig>, 'cache' | 'cacheGib'>,
  stateFolder: string,
): PieceCacheOptions {
  return { folder: resolve(cache ?? join(stateFolder, 'converter', 'pieces')), limit: Math.floor(cacheGib * 1024 ** 3) }
}
