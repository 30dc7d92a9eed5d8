import type { Machine, MachineParts } from '../machine.ts'
import { emulators, type Emulator } from './emulators.ts'
import { findFirmware } from './firmware.ts'
import { assertHardware } from './hardware-refused.ts'
import { createKvmProof } from './kvm-proof.ts'
import { startQemu, type StartOptions } from './start.ts'

interface QemuOptions {
  readonly memoryMib: number
  readonly processors: number
  readonly growBytes: number
  /** `auto` takes KVM where a boot has proved it. */
  readonly accelerator: 'auto' | 'kvm' | 'tcg'
  /** Where it is kept whether KVM works. */
  readonly stateFolder: string
  readonly proveKvmWithin: number
  readonly emulators?: typeof emulators
}

/** Machines of QEMU, with KVM where that works. */
export function createQemu(options: QemuOptions): Machine {
  const known = options.emulators ?? emulators
  const start = (parts: MachineParts, accelerator: StartOptions['accelerator']) => {
    const emulator = known[parts.architecture]
    const firmware = findFirmware(emulator, parts.hardware.firmware)
    return startQemu(parts, { ...options, emulator, firmware, accelerator })
  }
  const proof = createKvmProof({
    folder: options.stateFolder,
    within: options.proveKvmWithin,
    start: (parts) => start(parts, 'kvm'),
  })
  const choose = async (parts: MachineParts, emulator: Emulator): Promise<'kvm' | 'tcg'> => {
    if (options.accelerator !== 'auto') return options.accelerator
    if (!emulator.kvmHosts.includes(process.arch)) return 'tcg'
    return (await proof.works(parts)) ? 'kvm' : 'tcg'
  }
  return {
    async powerOn(parts) {
      const emulator = known[parts.architecture]
      assertHardware(emulator, parts.hardware, parts.cloud.disks)
      const accelerator = await choose(parts, emulator)
      const machine = await start(parts, accelerator)
      return { ...machine, reachedUserspace: () => proof.imageIsGood(parts.image.path) }
    },
  }
}
