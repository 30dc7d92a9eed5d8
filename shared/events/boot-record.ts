import { z } from 'zod'
import { artifactRef } from './artifact-ref.ts'
import { folderName } from './names.ts'

const bootName = folderName.describe('One boot of an image, as the policy calls it: `bios`')

export const waiver = z
  .strictObject({
    why: z
      .enum(['warning', 'new', 'known'])
      .describe('The check only warns, is new and warns for a while, or its failure is known'),
    reason: z.string().min(1),
    link: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Where a known failure is tracked'),
    until: z.iso.date().optional().describe('The last day on which it holds'),
  })
  .describe('Why a failed check does not count')
export type Waiver = z.infer<typeof waiver>

export const checkResult = z.strictObject({
  name: z.string(),
  outcome: z.enum(['passed', 'failed', 'skipped']),
  seconds: z.number().min(0).describe('How long after power-on the outcome was known'),
  detail: z.string().describe('What was seen'),
  boot: bootName.optional().describe('The boot that it is about; none when it is about the disk'),
  attempt: z.int().min(1).optional().describe('Of a boot that was tried again: which try'),
  expected: z.string().optional().describe('Of a failed check: what would have passed'),
  lines: z.array(z.string()).optional().describe('Of a failed check: the console lines around it'),
  waived: waiver.optional(),
})
export type CheckResult = z.infer<typeof checkResult>

/** Whether a check keeps its image from being published. */
export function counts({ outcome, waived }: Pick<CheckResult, 'outcome' | 'waived'>): boolean {
  return outcome === 'failed' && waived === undefined
}

export const accelerator = z.enum(['kvm', 'tcg', 'none']).describe('What a machine under test was run by')

const hardware = z.string().max(40)

export const bootRecord = z
  .strictObject({
    name: bootName,
    attempt: z.int().min(1),
    outcome: z.enum(['passed', 'failed', 'errored']).describe('`errored`: the tester could not tell'),
    reason: z.string().nullable().describe('Of an errored boot: why nothing can be told'),
    firmware: hardware.describe('bios, uefi, secure-boot'),
    chipset: hardware.describe('i440fx, q35, virt'),
    disk: hardware.describe('What the disk is attached to: virtio, nvme, …'),
    tpm: z.boolean(),
    datasource: hardware.describe('How the guest learned who it is: nocloud, …'),
    accelerator,
    seconds: z.number().min(0).describe('From power-on to the last answer'),
    phases: z
      .array(z.strictObject({ name: z.string(), seconds: z.number().min(0).describe('When it began, after power-on') }))
      .describe('How the boot went'),
    console: artifactRef.nullable(),
    screenshots: z.array(
      z.strictObject({ moment: z.enum(['loader', 'boot', 'login', 'end']), ref: artifactRef.describe('PNG') }),
    ),
    requests: artifactRef.nullable().describe('What the guest asked of its cloud, a JSON object a line'),
  })
  .describe('One try at one boot of an image')
export type BootRecord = z.infer<typeof bootRecord>

export const bootRecords = z
  .array(bootRecord)
  .describe('Every boot, in order; one that was tried again has an entry for each try')
