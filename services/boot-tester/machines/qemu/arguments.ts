import type { CloudDisk, CloudIdentity, CloudServer } from '../../datasources/datasource.ts'
import type { Hardware } from '../hardware.ts'
import { networkArguments } from './cloud-network/plan.ts'
import { diskArguments } from './disks.ts'
import type { Emulator, FirmwareFiles } from './emulators.ts'
import { identityArguments } from './identity.ts'
import { escapeValue } from './option-value.ts'

/** Everything that a QEMU command line depends on. */
export interface QemuPlan {
  readonly emulator: Emulator
  readonly hardware: Hardware
  /** Its variables are the machine's own; null is QEMU's own firmware. */
  readonly firmware: FirmwareFiles | null
  /** The socket at which the TPM listens; null for none. */
  readonly tpm: string | null
  readonly accelerator: 'kvm' | 'tcg'
  /** Whether a guest that resets itself goes on. */
  readonly mayReset: boolean
  readonly processors: number
  readonly memoryMib: number
  readonly overlay: string
  /** Of the cloud, beside the image's own. */
  readonly disks: readonly CloudDisk[]
  readonly identity: CloudIdentity
  readonly servers: readonly CloudServer[]
  /** A socket at which we listen; QEMU connects to it. */
  readonly control: string
}

/**
 * One thread for all processors of a guest, by turns. With a thread for each, a guest is ready no sooner but takes a fifth more of the host's, and now
 * and then one of its processors goes on in code that the other has changed, for ever (decision 0091).
 */
const emulated = 'tcg,thread=single'

/**
 * The arguments for a guest with its serial console on QEMU's standard output, a screen, its disks, and a network
 * that leads nowhere but to its cloud's servers, and from a local port to the guest's ssh.
 */
export function qemuArguments(plan: QemuPlan): string[] {
  const { emulator, accelerator, hardware } = plan
  const kvm = accelerator === 'kvm'
  const options = [
    ['-nodefaults', '-no-user-config', ...(plan.mayReset ? [] : ['-no-reboot']), '-no-shutdown'],
    ['-machine', machineOf(emulator, hardware), '-accel', kvm ? 'kvm' : emulated, '-cpu', kvm ? 'host' : emulator.cpu],
    ['-smp', String(plan.processors), '-m', String(plan.memoryMib)],
    firmwareArguments(plan),
    tpmArguments(plan),
    ['-device', emulator.screen, '-display', 'none'],
    ['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ['-chardev', `socket,id=control,path=${escapeValue(plan.control)}`, '-mon', 'chardev=control,mode=control'],
    diskArguments(plan),
    ['-device', 'virtio-rng-pci'],
    identityArguments(plan.identity),
    networkArguments(plan.servers),
    ['-device', 'virtio-net-pci,netdev=net,romfile='],
  ]
  return options.flat()
}

/** Secure Boot's keys are safe from the guest only where the processor's management mode alone may write them. */
function machineOf({ chipsets }: Emulator, { chipset, firmware }: Hardware): string {
  return `${chipsets[chipset] ?? chipset}${firmware === 'secure-boot' ? ',smm=on' : ''}`
}

function firmwareArguments({ firmware, hardware }: QemuPlan): string[] {
  if (firmware === null) return []
  const { code, variables } = firmware
  if (variables === undefined) return ['-bios', code]
  const flash = (path: string) => `if=pflash,format=raw,file=${escapeValue(path)}`
  return [
    hardware.firmware === 'secure-boot' ? ['-global', 'driver=cfi.pflash01,property=secure,value=on'] : [],
    ['-drive', `${flash(code)},readonly=on`],
    ['-drive', flash(variables)],
  ].flat()
}

function tpmArguments({ emulator, tpm }: QemuPlan): string[] {
  if (tpm === null) return []
  return [
    ['-chardev', `socket,id=tpm,path=${escapeValue(tpm)}`],
    ['-tpmdev', 'emulator,id=tpm,chardev=tpm'],
    ['-device', `${emulator.tpm ?? 'tpm'},tpmdev=tpm`],
  ].flat()
}
