import { availableParallelism } from 'node:os'
import { guestsAtATime } from '../../../services/boot-tester/machines/guests-at-a-time.ts'

/** Of guests with one processor each, some always wait: for a word that does not come, or for what others do on the host. */
const toAProcessor = 2

/** How many guests of this size a proof has at a time on this machine, as its memory permits. */
export function guestsHere(memoryMib: number): number {
  const freeMib = process.availableMemory() / 1024 ** 2
  return guestsAtATime(memoryMib, { processors: toAProcessor * availableParallelism(), freeMib })
}
