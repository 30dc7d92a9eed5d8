import type { Ledger } from '#ledger/ledger.ts'
import { readDropState, type DropState } from './state.ts'

/** The key under which the scheduler remembers a drop. */
export function keyOfDrop(drop: string): string {
  return `drop:${drop}`
}

/** The drop as the scheduler knows it. */
export async function readDrop(ledger: Pick<Ledger, 'entity'>, drop: string): Promise<DropState> {
  const { state } = await ledger.entity('scheduler', keyOfDrop(drop))
  return readDropState(state)
}
