// Powers a machine with a TPM on and leaves it to itself: for tests that kill the process that a machine belongs to.
import { join } from 'node:path'
import { plainHardware } from '../machines/hardware.ts'
import { writeTalkingDisk } from './talking-disk.ts'
import { smallMachine } from './small-machine.ts'

const [, , folder = ''] = process.argv
const disk = join(folder, 'disk.raw')
await writeTalkingDisk(disk, { says: 'hello', next: 'hang' })
const machine = smallMachine(folder)
await machine.powerOn({
  architecture: 'x86_64',
  image: { path: disk, size: 1024 * 1024 },
  hardware: { ...plainHardware('x86_64'), tpm: true },
  cloud: { identity: {}, disks: [], servers: [] },
  folder,
  logs: { machine: join(folder, 'qemu.log'), console: join(folder, 'console.log') },
  signal: new AbortController().signal,
  onConsole: () => {},
})
console.log('power is on')
