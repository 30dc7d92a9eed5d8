import type { CloudDisk, CloudIdentity, CloudServer } from '../../datasources/datasource.ts'
import { networkArguments } from './cloud-network/plan.ts'
import type { Emulator } from './emulators.ts'
import { escapeValue } from './option-value.ts'
import { identityArguments } from './identity.ts'

/** Everything that a QEMU command line depends on. */
export interface QemuPlan {
  readonly emulator: Emulator
  readonly firmware: string | null
  readonly accelerator: 'kvm' | 'tcg'
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
 * The arguments for a guest with its serial console on QEMU's standard output, a screen, two disks, and a network
 * that leads nowhere but to its cloud's servers, and from a local port to the guest's ssh.
 */
export function qemuArguments(plan: QemuPlan): string[] {
  const { emulator, accelerator, firmware } = plan
  const kvm = accelerator === 'kvm'
  const options = [
    ['-nodefaults', '-no-user-config', '-no-reboot', '-no-shutdown'],
    ['-machine', emulator.machine, '-accel', kvm ? 'kvm' : 'tcg,thread=multi', '-cpu', kvm ? 'host' : emulator.cpu],
    ['-smp', String(plan.processors), '-m', String(plan.memoryMib)],
    firmware === null ? [] : ['-bios', firmware],
    ['-device', emulator.screen, '-display', 'none'],
    ['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ['-chardev', `socket,id=control,path=${escapeValue(plan.control)}`, '-mon', 'chardev=control,mode=control'],
    // The overlay is thrown away: nothing of it has to survive a crash of this host.
    ['-drive', `file=${escapeValue(plan.overlay)},if=virtio,format=qcow2,cache=unsafe,discard=unmap`],
    plan.disks.flatMap(({ path }) => ['-drive', `file=${escapeValue(path)},if=virtio,format=raw,readonly=on`]),
    ['-device', 'virtio-rng-pci'],
    identityArguments(plan.identity),
    networkArguments(plan.servers),
    ['-device', 'virtio-net-pci,netdev=net,romfile='],
  ]
  return options.flat()
}
