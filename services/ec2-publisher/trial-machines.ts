import type { z } from 'zod'
import { architecture, type Architecture } from '#events/vocabulary.ts'

/** On what an image is tried: the first type that there is a machine of. */
export interface TrialMachine {
  readonly architecture: Architecture
  /** The firmware that machines of these types start an image by that knows both. */
  readonly mode: TrialMode
  readonly types: readonly string[]
}

export type TrialMode = 'legacy-bios' | 'uefi'

/** Reads `x86_64/uefi=t3.micro|t3a.micro, aarch64/uefi=t4g.micro`. */
export function parseMachines(list: string, issues: z.RefinementCtx): TrialMachine[] {
  const rows = list
    .split(',')
    .map((row) => row.trim())
    .filter((row) => row !== '')
    .map((row) => /^(\w+)\/(legacy-bios|uefi)=([a-z0-9.-]+(?:\|[a-z0-9.-]+)*)$/.exec(row))
  const machines = rows.flatMap((row): TrialMachine[] => {
    const found = architecture.safeParse(row?.[1])
    if (!found.success) {
      issues.addIssue({ code: 'custom', message: 'trials are written as x86_64/uefi=t3.micro|t3a.micro' })
      return []
    }
    return [
      {
        architecture: found.data,
        mode: row?.[2] === 'uefi' ? 'uefi' : 'legacy-bios',
        types: (row?.[3] ?? '').split('|'),
      },
    ]
  })
  const keys = machines.map((one) => `${one.architecture}/${one.mode}`)
  const twice = keys.find((key, index) => keys.indexOf(key) !== index)
  if (twice !== undefined)
    issues.addIssue({ code: 'custom', message: `one row for each machine, got two for ${twice}` })
  return machines
}
