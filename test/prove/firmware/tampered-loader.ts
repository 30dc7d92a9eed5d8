import { constants } from 'node:fs'
import { copyFile, mkdir, open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readPartitionTable } from '#disk/partitions.ts'
import { run } from '#subprocess/run.ts'
import type { Hardware } from '../../../services/boot-tester/machines/hardware.ts'
import { createQemu } from '../../../services/boot-tester/machines/qemu/qemu.ts'

/** What Secure Boot has to refuse: the shim that the firmware starts, and the GRUB that the shim starts. */
export const loaders = ['BOOTX64.EFI', 'grubx64.efi'] as const

interface Tampering {
  /** Said before what was seen. */
  readonly title: string
  readonly disk: string
  readonly folder: string
  readonly hardware: Hardware
  readonly loader: (typeof loaders)[number]
}

const esp = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B'
const within = 600_000

/** Changes one byte of a loader in a copy of a disk, and tells whether the machine refuses to start it. */
export async function bootTampered({ title, disk, folder, hardware, loader }: Tampering): Promise<boolean> {
  const own = join(folder, `another-${loader}`)
  await mkdir(own)
  const path = join(own, 'disk.raw')
  await copyFile(disk, path, constants.COPYFILE_FICLONE)
  await tamper(path, loader, own)
  const qemu = createQemu({
    memoryMib: 1024,
    processors: 2,
    growBytes: 0,
    accelerator: 'auto',
    stateFolder: join(own, 'boot-tester'),
    proveKvmWithin: 15_000,
  })
  const refused = Promise.withResolvers<string>()
  let said = ''
  const start = performance.now()
  await using machine = await qemu.powerOn({
    architecture: 'x86_64',
    image: { path, size: (await stat(path)).size },
    hardware,
    cloud: { identity: {}, disks: [], servers: [] },
    folder: own,
    logs: { machine: join(own, 'qemu.log'), console: join(own, 'console.log') },
    signal: new AbortController().signal,
    onConsole: (bytes) => {
      said += bytes.toString('latin1')
      const word = /Access Denied|Security Violation|Linux version/.exec(said)?.[0]
      if (word !== undefined) refused.resolve(word)
    },
  })
  const word = await Promise.race([refused.promise, machine.ended, sleep(within, 'nothing', { ref: false })])
  await machine.screenshot(join(own, 'screenshot.png'))
  console.log(`\n${title}\nsaid after ${((performance.now() - start) / 1000).toFixed(0)} s: ${word}`)
  return word === 'Access Denied' || word === 'Security Violation'
}

async function tamper(disk: string, loader: string, folder: string): Promise<void> {
  const { partitions = [] } = (await readPartitionTable(disk)) ?? {}
  const partition = partitions.find(({ type }) => type === esp)
  if (partition === undefined) throw new Error(`${disk} has no EFI system partition`)
  const image = `${disk}@@${String(partition.start)}`
  const copy = join(folder, loader)
  await run('mcopy', ['-i', image, `::EFI/BOOT/${loader}`, copy])
  const middle = Math.floor((await readFile(copy)).length / 2)
  await using file = await open(copy, 'r+')
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, middle)
  await file.write(Buffer.from([(buffer[0] ?? 0) ^ 0xff]), 0, 1, middle)
  await file.sync()
  await run('mcopy', ['-o', '-i', image, copy, `::EFI/BOOT/${loader}`])
}
