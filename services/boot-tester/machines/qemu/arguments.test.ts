import { expect, it } from 'vitest'
import { qemuArguments, type QemuPlan } from './arguments.ts'
import { emulators } from './emulators.ts'
import { findFirmware } from './firmware.ts'
import { plainHardware, type Hardware } from '../hardware.ts'

const plan: QemuPlan = {
  emulator: emulators.x86_64,
  hardware: plainHardware('x86_64'),
  firmware: null,
  tpm: null,
  accelerator: 'tcg',
  mayReset: false,
  processors: 2,
  memoryMib: 1024,
  overlay: '/state/work/7/overlay.qcow2',
  disks: [{ path: '/state/work/7/seed.iso', bus: 'virtio' }],
  identity: {},
  servers: [],
  control: '/run/control',
}
const ovmf = { code: '/ovmf/code.fd', variables: '/state/work/7/variables.fd' }

/** The whole command line of a machine that differs from the plainest in this. */
function commandLine({ hardware, ...changes }: Partial<Omit<QemuPlan, 'hardware'>> & { hardware?: Partial<Hardware> }) {
  return qemuArguments({ ...plan, ...changes, hardware: { ...plan.hardware, ...hardware } }).join(' ')
}

it('the plainest machine of x86_64, under TCG', () => {
  expect(commandLine({})).toBe(
    [
      '-nodefaults -no-user-config -no-reboot -no-shutdown',
      '-machine pc,vmport=off,hpet=off -accel tcg,thread=single -cpu qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt',
      '-smp 2 -m 1024',
      '-device VGA -display none',
      '-chardev stdio,id=console,signal=off -serial chardev:console',
      '-chardev socket,id=control,path=/run/control -mon chardev=control,mode=control',
      '-drive file=/state/work/7/overlay.qcow2,if=none,id=image,format=qcow2,cache=unsafe,discard=unmap',
      '-device virtio-blk-pci,drive=image,bootindex=0',
      '-drive file=/state/work/7/seed.iso,if=none,id=cloud0,format=raw,readonly=on',
      '-device virtio-blk-pci,drive=cloud0',
      '-device virtio-rng-pci',
      '-netdev user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-:22',
      '-device virtio-net-pci,netdev=net,romfile=',
    ].join(' '),
  )
})

it('Secure Boot is q35 whose management mode alone may write the keys, and a TPM is told by its socket', () => {
  const args = commandLine({
    hardware: { firmware: 'secure-boot', chipset: 'q35', tpm: true },
    firmware: ovmf,
    tpm: '/run/tpm',
  })
  expect(args).toContain('-machine q35,vmport=off,hpet=off,smm=on -accel')
  expect(args).toContain(
    [
      '-m 1024 -global driver=cfi.pflash01,property=secure,value=on',
      '-drive if=pflash,format=raw,file=/ovmf/code.fd,readonly=on',
      '-drive if=pflash,format=raw,file=/state/work/7/variables.fd',
      '-chardev socket,id=tpm,path=/run/tpm -tpmdev emulator,id=tpm,chardev=tpm -device tpm-crb,tpmdev=tpm -device VGA',
    ].join(' '),
  )
})

it('UEFI without Secure Boot does not ask for the management mode', () => {
  const args = commandLine({ hardware: { firmware: 'uefi' }, firmware: ovmf })
  expect(args).toContain('-m 1024 -drive if=pflash,format=raw,file=/ovmf/code.fd,readonly=on -drive if=pflash')
  expect(args).not.toMatch(/smm|secure/)
})

it.each([
  ['i440fx', 'virtio', '-device virtio-blk-pci,drive=image,bootindex=0'],
  ['q35', 'nvme', '-device nvme,serial=image,drive=image,bootindex=0'],
  ['i440fx', 'scsi', '-device scsi-hd,bus=scsi.0,drive=image,bootindex=0'],
  ['q35', 'sata', '-device ide-hd,bus=ide.0,drive=image,bootindex=0'],
  ['i440fx', 'sata', '-device ide-hd,bus=sata.0,drive=image,bootindex=0'],
  ['i440fx', 'ide', '-device ide-hd,bus=ide.0,unit=0,drive=image,bootindex=0'],
] as const)('on %s the disk is attached by %s', (chipset, disk, device) => {
  const args = commandLine({ hardware: { chipset, disk } })
  expect(args).toContain(`-machine ${chipset === 'q35' ? 'q35' : 'pc'},`)
  expect(args).toContain(device)
  expect(args.includes('-device virtio-scsi-pci,id=scsi')).toBe(disk === 'scsi')
  expect(args.includes('-device ich9-ahci,id=sata')).toBe(disk === 'sata' && chipset !== 'q35')
})

it('disks of the cloud are on the buses that it has them on, each in a place of its own', () => {
  const disks = (['ide', 'ide', 'sata', 'sata', 'scsi'] as const).map((bus, index) => ({
    path: `/cloud/${String(index)}.iso`,
    bus,
  }))
  const args = commandLine({ hardware: { disk: 'ide' }, disks })
  expect(args.match(/-device \S+drive=\w+/g)).toEqual([
    '-device ide-hd,bus=ide.0,unit=0,drive=image',
    '-device ide-cd,bus=ide.0,unit=1,drive=cloud0',
    '-device ide-cd,bus=ide.1,unit=0,drive=cloud1',
    '-device ide-cd,bus=sata.0,drive=cloud2',
    '-device ide-cd,bus=sata.1,drive=cloud3',
    '-device scsi-cd,bus=scsi.0,drive=cloud4',
  ])
})

it('a guest that may reset itself is not stopped by it', () => {
  expect(commandLine({ mayReset: true })).not.toContain('-no-reboot')
})

it('with KVM the guest gets the processor of the host', () => {
  const args = commandLine({ accelerator: 'kvm' })
  expect(args).toContain('-accel kvm -cpu host')
  expect(args).not.toContain('tcg')
})

it('an aarch64 machine boots by UEFI firmware', () => {
  const emulator = emulators.aarch64
  const firmware = findFirmware(emulator, 'uefi', (path) => path === '/usr/share/edk2/aarch64/QEMU_EFI.fd')
  const args = commandLine({ emulator, firmware, hardware: plainHardware('aarch64') })
  expect(args).toContain('-machine virt -accel tcg,thread=single -cpu max,pauth-impdef=on')
  expect(args).toContain('-bios /usr/share/edk2/aarch64/QEMU_EFI.fd')
  expect(args).toContain('-device ramfb')
})

it('a comma in a path does not become an option', () => {
  const args = qemuArguments({ ...plan, overlay: '/state/work/7/a,readonly=on/overlay.qcow2' })
  expect(args).toContain(
    'file=/state/work/7/a,,readonly=on/overlay.qcow2,if=none,id=image,format=qcow2,cache=unsafe,discard=unmap',
  )
})
