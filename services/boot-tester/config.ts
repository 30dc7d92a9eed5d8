import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { readConfig } from '#service/config.ts'

const shipped = (name: string) => fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url))
const seconds = z.coerce.number().min(1)

/** Reads the boot tester's settings; each is in the README's table. */
export function readBootTesterConfig(env: Readonly<Record<string, string | undefined>>) {
  return readConfig(
    'BOOT_TESTER',
    {
      boots: z.string().min(1).default(shipped('boots.yaml')),
      knownFailures: z.string().min(1).default(shipped('known-failures.yaml')),
      machine: z.enum(['qemu', 'null']).default('qemu'),
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
