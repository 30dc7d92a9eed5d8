import { z } from 'zod'
import { readConfig } from '#service/config.ts'

/** Reads the settings of Oz. */
export function readOzConfig(env: Readonly<Record<string, string | undefined>>) {
  return readConfig(
    'OZ',
    {
      uri: z.string().min(1).default('qemu:///system').describe('Where libvirt is asked'),
      bridge: z
        .string()
        .regex(/^[A-Za-z0-9._-]+$/)
        .optional()
        .describe("Network bridge of the machine that installs; else that of libvirt's own NAT network"),
      type: z.enum(['kvm', 'qemu']).optional().describe('How that machine runs; else KVM where the host has it'),
      memory: z.coerce.number().int().min(256).default(2048).describe('Megabytes of that machine'),
      cpus: z.coerce.number().int().min(1).default(1),
    },
    env,
  )
}

export type OzConfig = ReturnType<typeof readOzConfig>
