import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { plainHardware, type Hardware } from '../../../services/boot-tester/machines/hardware.ts'
import { createQemu } from '../../../services/boot-tester/machines/qemu/qemu.ts'
import { dataSourceNamed } from '../../../services/boot-tester/datasources/index.ts'
import type { RootDisk, StartGuest } from '../../../services/ec2-publisher/emulator/guests.ts'
import { privateHostOf } from '../../../services/ec2-publisher/emulator/private-host.ts'
import type { InstanceRecord } from '../../../services/ec2-publisher/emulator/records.ts'

const block = 524_288

/** EC2's newer machines. */
const nitro: Hardware = { firmware: 'uefi', chipset: 'q35', disk: 'nvme', tpm: false }

/** Guests of emulated instances that are real: QEMU boots what the snapshot holds, and EC2's metadata service answers it. */
export function createQemuGuests(folder: string, tell: (what: string) => void): StartGuest {
  const machine = createQemu({
    memoryMib: 1024,
    processors: 2,
    growBytes: 0,
    accelerator: 'auto',
    stateFolder: join(folder, 'state'),
    proveKvmWithin: 15_000,
  })
  return (instance, disk) => {
    const own = join(folder, instance.id)
    const power = new AbortController()
    let console = ''
    let isOff = false
    const running = run().catch((error: unknown) => {
      if (!power.signal.aborted) tell(`${instance.id} was lost: ${String(error)}`)
      isOff = true
    })
    return {
      console: () => console,
      isOff: () => isOff,
      async stop() {
        power.abort(new Error('the power is taken away'))
        await running
      },
    }

    async function run(): Promise<void> {
      const { signal } = power
      await mkdir(own, { recursive: true })
      const image = { path: join(own, 'root.raw'), size: disk.gibibytes * 1024 ** 3 }
      await writeDisk(image, disk)
      tell(`${instance.id} has its disk, and begins`)
      await using cloud = await dataSourceNamed('ec2').open(asInstance(instance), own, signal)
      await using guest = await machine.powerOn({
        architecture: 'x86_64',
        image,
        hardware: instance.bootMode === 'uefi' ? nitro : plainHardware('x86_64'),
        cloud,
        folder: own,
        logs: { machine: join(own, 'qemu.log'), console: join(own, 'console.log') },
        signal,
        onConsole: (bytes) => (console += bytes.toString('latin1')),
      })
      const off = Promise.withResolvers<string>()
      signal.addEventListener('abort', () => {
        off.resolve('the power was taken away')
      })
      tell(`${instance.id} ended: ${await Promise.race([guest.ended, off.promise])}`)
      isOff = true
    }
  }
}

async function writeDisk(
  { path, size }: { readonly path: string; readonly size: number },
  disk: RootDisk,
): Promise<void> {
  await using file = await open(path, 'w')
  await file.truncate(size)
  for (const index of await disk.blocks()) {
    const bytes = await disk.block(index)
    if (bytes !== null) await file.write(bytes, 0, block, index * block)
  }
}

function asInstance(instance: InstanceRecord) {
  return {
    id: instance.id,
    hostname: privateHostOf(instance),
    publicKey: 'ssh-ed25519 AAAA nobody',
    userData: Buffer.from(instance.userData, 'base64').toString('utf8'),
  }
}
