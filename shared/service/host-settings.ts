import { hostname, totalmem } from 'node:os'
import { z } from 'zod'
import { architecture } from '#events/vocabulary.ts'
import { readConfig } from './config.ts'

const mebi = 1024 * 1024

/** What this host has for jobs, `IMAGEDROP_HOST_*`; what is not set is found out. */
export function readHostSettings(env: Readonly<Record<string, string | undefined>>) {
  return readConfig(
    'HOST',
    {
      name: z.string().min(1).default(hostname),
      cores: z.coerce.number().positive().optional(),
      memoryMib: z.coerce.number().int().min(1).optional(),
      diskMib: z.coerce.number().int().min(0).optional(),
      kvm: z.stringbool().optional(),
      root: z.stringbool().optional(),
      architectures: z
        .string()
        .transform((list) => list.split(','))
        .pipe(z.array(architecture))
        .optional(),
    },
    env,
  )
}

/** The memory of this host in MiB, or of the container that we are in. */
export function memoryOfHost(): number {
  const limit = process.constrainedMemory()
  return Math.floor((limit > 0 ? Math.min(limit, totalmem()) : totalmem()) / mebi)
}
