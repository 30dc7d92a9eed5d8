import { z } from 'zod'
import { readConfig } from '#service/config.ts'
import { dataSources } from './datasources/index.ts'

const seconds = z.coerce.number().min(1)
const names = dataSources.map(({ name }) => name)

const datasources = z
  .string()
  .default('nocloud')
  .transform((list) => list.split(',').map((name) => name.trim()))
  .pipe(z.array(z.enum(names)).refine((list) => new Set(list).size === list.length, 'each may be named once'))
  .transform((list) => list.flatMap((name) => dataSources.filter((source) => source.name === name)))

/** Reads the boot tester's settings; each is in the README's table. */
export function readBootTesterConfig(env: Readonly<Record<string, string | undefined>>) {
  return readConfig(
    'BOOT_TESTER',
    {
      machine: z.enum(['qemu', 'null']).default('qemu'),
      datasources,
      accelerator: z.enum(['auto', 'kvm', 'tcg']).default('auto'),
      concurrency: z.union([z.literal('auto'), z.coerce.number().int().min(1)]).default('auto'),
      processors: z.coerce.number().int().min(1).default(2),
      memoryMib: z.coerce.number().int().min(128).default(1024),
      growMib: z.coerce.number().int().min(1).default(2048),
      idleSeconds: seconds.default(180),
      totalSeconds: seconds.default(1200),
      kvmProofSeconds: seconds.default(15),
    },
    env,
  )
}
