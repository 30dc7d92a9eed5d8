import { z } from 'zod'
import { readConfig } from '#service/config.ts'

/** Reads the builder's settings. */
export function readBuilderConfig(env: Readonly<Record<string, string | undefined>>) {
  return readConfig(
    'BUILDER',
    {
      engine: z
        .string()
        .min(1)
        .optional()
        .describe('For trying things out: this engine alone, whatever the plan names'),
      mirror: z.url({ protocol: /^https?$/ }).optional(),
      fedoraKeys: z
        .url({ protocol: /^(https?|file)$/ })
        .optional()
        .describe("Keys that Fedora's packages are signed with, where these are not Fedora's own"),
      requireSecurity: z.stringbool().default(false),
      concurrency: z.coerce.number().int().min(1).max(64).default(2),
      deadlineMinutes: z.coerce.number().positive().default(60),
      idleMinutes: z.coerce.number().positive().default(15),
    },
    env,
  )
}
