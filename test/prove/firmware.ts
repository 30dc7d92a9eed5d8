// Proves by which firmware, on which chipset and on which bus an image of x86_64 boots, and that Secure Boot refuses a
// loader that was tampered with.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sideBySide } from '#service/side-by-side.ts'
import type { Hardware } from '../../services/boot-tester/machines/hardware.ts'
import { createMkosiEngine } from '../../services/builder/engines/mkosi/engine.ts'
import { loaderUpdates } from './firmware/loader-updates.ts'
import { bootTampered, loaders } from './firmware/tampered-loader.ts'
import { bootDisk, memoryMib } from './support/boot-disk.ts'
import { buildDebian } from './support/build-debian.ts'
import { guestsHere } from './support/guests-here.ts'
import { tallyOf } from './support/tally.ts'

const secure: Hardware = { firmware: 'secure-boot', chipset: 'q35', disk: 'nvme', tpm: true }

const machines: readonly Hardware[] = [
  { firmware: 'bios', chipset: 'i440fx', disk: 'virtio', tpm: false },
  { firmware: 'bios', chipset: 'q35', disk: 'scsi', tpm: false },
  { firmware: 'uefi', chipset: 'i440fx', disk: 'virtio', tpm: true },
  secure,
]

/** Builds Debian 12 unless `IMAGEDROP_PROVE_IMAGE` names an image of it, and boots it on each of the machines, several at a time. */
export async function prove(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-prove-firmware-'))
  const engine = createMkosiEngine({ deadline: 3_600_000, idleDeadline: 900_000 })
  const disk = process.env['IMAGEDROP_PROVE_IMAGE'] ?? (await buildDebian(engine, folder))
  if (disk === null) return false
  const tally = tallyOf('firmware')
  const rows = machines.map((hardware) => async () => {
    const title = nameOf(hardware)
    const own = join(folder, title.replaceAll(' ', '-'))
    await mkdir(own)
    const image = { recipe: 'debian-12', architecture: 'x86_64' } as const
    const options = { title, disk, folder: own, hardware, image, moreChecks: [loaderUpdates] }
    await tally.try(title, () => bootDisk(options))
  })
  const tampered = loaders.map((loader) => async () => {
    const title = `${nameOf(secure)}, with another ${loader}`
    await tally.try(title, () => bootTampered({ title, disk, folder, hardware: secure, loader }))
  })
  await sideBySide([...rows, ...tampered], { atOnce: guestsHere(memoryMib), signal: new AbortController().signal })
  const isProven = tally.conclude()
  if (isProven) await rm(folder, { recursive: true })
  else console.log(`what was seen is in ${folder}`)
  return isProven
}

function nameOf({ firmware, chipset, disk, tpm }: Hardware): string {
  return [firmware, chipset, disk, ...(tpm ? ['tpm'] : [])].join(' ')
}
