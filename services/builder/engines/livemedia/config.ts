import { z } from 'zod'
import { readConfig } from '#service/config.ts'

/** Reads the settings of livemedia-creator. */
export function readLivemediaConfig(env: Readonly<Record<string, string | undefined>>) {
  return readConfig(
    'LIVEMEDIA',
    {
      iso: z
        .string()
        .startsWith('/')
        .optional()
        .describe("A boot.iso of Fedora: the installer runs from it in a virtual machine, not on this host's own"),
      kvm: z.stringbool().default(true).describe('Whether that machine may use KVM'),
      memory: z.coerce.number().int().min(1024).default(3072).describe('Megabytes of that machine'),
      cpus: z.coerce.number().int().min(1).default(2),
    },
    env,
  )
}

export type LivemediaConfig = ReturnType<typeof readLivemediaConfig>
