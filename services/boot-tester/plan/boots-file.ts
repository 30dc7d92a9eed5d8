import { z } from 'zod'
import { folderName } from '#events/names.ts'
import { section } from '#service/yaml-file.ts'
import type { Hardware } from '../machines/hardware.ts'
import { subjectPatterns } from './subject.ts'

const hardware = {
  firmware: z.enum(['bios', 'uefi', 'secure-boot'] satisfies Hardware['firmware'][]),
  chipset: z.enum(['i440fx', 'q35', 'virt'] satisfies Hardware['chipset'][]),
  disk: z.enum(['virtio', 'scsi', 'nvme', 'sata', 'ide'] satisfies Hardware['disk'][]),
  tpm: z.boolean(),
}

/** What a machine may be built of, as people choose it. */
export const hardwareChoices = {
  firmware: hardware.firmware.options,
  chipset: hardware.chipset.options,
  disk: hardware.disk.options,
} as const

const boot = section({
  ...hardware,
  datasource: folderName.describe('Name of the data source'),
  asks: z.enum(['all', 'source']).default('all').describe('All checks, or only what the guest learnt from its cloud'),
  later: z.array(folderName).default([]).describe('Checks for which the guest lives on after its first boot'),
})

const imageRow = section({
  ...subjectPatterns,
  boots: z.array(folderName).min(1).describe('Names of boots, in order'),
  tries: z.int().min(1).max(3).default(1).describe('How often a boot that fails is tried; every try counts'),
  after_failure: z
    .enum(['continue', 'stop'])
    .default('continue')
    .describe('Whether the boots after a failed one are made'),
  at_once: z.int().min(1).max(4).default(1).describe('How many of its boots are made at the same time'),
  note: z.string().optional().describe('Why it is as it is, for people'),
})

/** The boot policy, `deploy/boots.yaml`: which boots an image is tested by. */
export const bootsSchema = section({
  boots: z.record(folderName, boot).describe('Machines and data sources, by the name of the boot'),
  images: z.array(imageRow).min(1).describe('The first row that matches an image holds'),
})
export type BootsFile = z.infer<typeof bootsSchema>
