import { expect, it } from 'vitest'
import { qemuArguments } from './arguments.ts'
import { emulators, findFirmware } from './emulators.ts'

const plan = {
  emulator: emulators.x86_64,
  firmware: null,
  accelerator: 'tcg',
  processors: 2,
  memoryMib: 1024,
  overlay: '/state/work/7/overlay.qcow2',
  disks: [{ path: '/state/work/7/seed.iso', bus: 'virtio' }],
  identity: {},
  servers: [],
  control: '/run/control',
} as const

it('an x86_64 machine under TCG', () => {
  expect(qemuArguments(plan).join(' ')).toBe(
    [
      '-nodefaults -no-user-config -no-reboot -no-shutdown',
      '-machine pc,vmport=off,hpet=off -accel tcg,thread=multi -cpu qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt',
      '-smp 2 -m 1024',
      '-device VGA -display none',
      '-chardev stdio,id=console,signal=off -serial chardev:console',
      '-chardev socket,id=control,path=/run/control -mon chardev=control,mode=control',
      '-drive file=/state/work/7/overlay.qcow2,if=virtio,format=qcow2,cache=unsafe,discard=unmap',
      '-drive file=/state/work/7/seed.iso,if=virtio,format=raw,readonly=on',
      '-device virtio-rng-pci',
      '-netdev user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-:22',
      '-device virtio-net-pci,netdev=net,romfile=',
    ].join(' '),
  )
})

it('with KVM the guest gets the processor of the host', () => {
  const args = qemuArguments({ ...plan, accelerator: 'kvm' }).join(' ')
  expect(args).toContain('-accel kvm -cpu host')
  expect(args).not.toContain('tcg')
})

it('an aarch64 machine boots by UEFI firmware', () => {
  const firmware = findFirmware(emulators.aarch64, (path) => path === '/usr/share/edk2/aarch64/QEMU_EFI.fd')
  const args = qemuArguments({ ...plan, emulator: emulators.aarch64, firmware }).join(' ')
  expect(args).toContain('-machine virt -accel tcg,thread=multi -cpu max,pauth-impdef=on')
  expect(args).toContain('-bios /usr/share/edk2/aarch64/QEMU_EFI.fd')
  expect(args).toContain('-device ramfb')
})

it('a comma in a path does not become an option', () => {
  const args = qemuArguments({ ...plan, overlay: '/state/work/7/a,readonly=on/overlay.qcow2' })
  expect(args).toContain(
    'file=/state/work/7/a,,readonly=on/overlay.qcow2,if=virtio,format=qcow2,cache=unsafe,discard=unmap',
  )
})
