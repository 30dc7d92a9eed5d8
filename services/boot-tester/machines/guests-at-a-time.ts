interface Host {
  readonly processors: number
  /** What processes can still get, in MiB. */
  readonly freeMib: number
}

/** What an emulator takes beside the memory of its guest, in MiB. */
export const perGuest = 300
/** What is left to everything else on the host. */
const reserve = 512

/** How many guests of this size a host can have at a time: one for each processor, if its free memory holds them; one at least. */
export function guestsAtATime(memoryMib: number, { processors, freeMib }: Host): number {
  const held = Math.floor((freeMib - reserve) / (memoryMib + perGuest))
  return Math.max(1, Math.min(processors, held))
}
