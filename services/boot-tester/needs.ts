import type { Needs } from '#ledger/needs.ts'
import { PermanentError } from '#service/errors.ts'
import type { readBootTesterConfig } from './config.ts'
import { perGuest } from './machines/guests-at-a-time.ts'
import type { BootPolicy } from './plan/boot-policy.ts'
import type { Subject } from './plan/subject.ts'

/** A guest without KVM keeps a processor busy while it starts, and waits for itself about as long. */
const coresOfGuest = 0.5

type Machine = Pick<ReturnType<typeof readBootTesterConfig>, 'accelerator' | 'memoryMib'>

/** What the guests of an image's boots need: memory for as many as are there at a time, and KVM where nothing else will do. */
export function needsOfBoots(policy: BootPolicy, { accelerator, memoryMib }: Machine): (subject: Subject) => Needs {
  return (subject) => {
    const guests = guestsOf(policy, subject)
    return {
      cores: coresOfGuest * guests,
      memoryMib: (memoryMib + perGuest) * guests,
      ...(accelerator === 'kvm' && { kvm: true, architecture: subject.architecture }),
    }
  }
}

/** Of an image that no row says how to boot, none: its job finds that out wherever it runs. */
function guestsOf(policy: BootPolicy, subject: Subject): number {
  try {
    const { boots, atOnce } = policy.planFor(subject)
    return Math.min(boots.length, atOnce)
  } catch (error) {
    if (error instanceof PermanentError) return 0
    throw error
  }
}
