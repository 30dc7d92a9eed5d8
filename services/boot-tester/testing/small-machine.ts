import { createQemu } from '../machines/qemu/qemu.ts'
import type { Machine } from '../machines/machine.ts'

/** The smallest real machine, with room for a talking disk; what it remembers of KVM is in the folder. */
export function smallMachine(folder: string): Machine {
  return createQemu({
    memoryMib: 64,
    processors: 1,
    growBytes: 1024 * 1024,
    accelerator: 'tcg',
    stateFolder: folder,
    proveKvmWithin: 1_000,
  })
}
