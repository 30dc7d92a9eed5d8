import { availableParallelism } from 'node:os'
import { guestsAtATime } from '../../../services/boot-tester/machines/guests-at-a-time.ts'

/** How many guests of this size a proof has at a time on this machine, as the boot tester reckons. */
export function guestsHere(memoryMib: number): number {
  const freeMib = process.availableMemory() / 1024 ** 2
  return guestsAtATime(memoryMib, { processors: availableParallelism(), freeMib })
}
