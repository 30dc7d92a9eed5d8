// Proves in a real Nova by which config drive, on which chipset and by which firmware an image of x86_64 learns who it is,
// and that it does so with the properties that the publisher gives to images.
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sideBySide } from '#service/side-by-side.ts'
import { createMkosiEngine } from '../../services/builder/engines/mkosi/engine.ts'
import { startNova } from '../brokers/nova/nova.ts'
import { bootRow, type BootedRow, type ProvenDisk } from './openstack/boot-row.ts'
import { hasAhci } from './openstack/has-ahci.ts'
import { rows, type Row } from './openstack/rows.ts'
import { formatTable } from './openstack/table.ts'
import { buildDebian } from './support/build-debian.ts'
import { stopwatch } from './support/stopwatch.ts'

/** Guests at a time: each has one processor. */
const atOnce = 2

/**
 * Boots the generic image of Debian 12, or a raw disk, once for each row, and prints a table for the boot tester's README:
 * `npm run prove -- openstack [DISK [ROW…]]`, as root, after `deploy/setup.sh openstack`.
 */
export async function prove(): Promise<boolean> {
  const [, , , given, ...names] = process.argv
  const chosen = names.length === 0 ? rows : names.map(rowNamed)
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-prove-openstack-'))
  const path = given ?? (await buildDebian(createMkosiEngine({ deadline: 3_600_000, idleDeadline: 900_000 }), folder))
  if (path === null) return false
  const disk = { path, size: (await stat(path)).size, hasAhci: await hasAhci(path, folder) }
  console.log(`the image's kernel has ${disk.hasAhci ? 'a' : 'no'} driver of SATA drives (AHCI)`)

  // What a cloud writes its config drives as, it is told when it starts.
  const booted: BootedRow[] = []
  for (const configDrives of ['iso9660', 'vfat'] as const) {
    const own = chosen.filter((row) => (row.configDrives ?? 'iso9660') === configDrives)
    if (own.length > 0) booted.push(...(await bootRows(own, configDrives, disk, folder)))
  }
  console.log(`\n${formatTable(booted)}`)
  const wrong = booted.filter(({ isAsStated }) => !isAsStated)
  console.log(`${String(booted.length - wrong.length)} of ${String(booted.length)} rows are as stated`)
  if (wrong.length === 0) await rm(folder, { recursive: true })
  else console.log(`not so: ${wrong.map(({ row }) => row.name).join(', ')}; what was seen is in ${folder}`)
  return wrong.length === 0
}

async function bootRows(
  own: readonly Row[],
  configDrives: 'iso9660' | 'vfat',
  disk: ProvenDisk,
  folder: string,
): Promise<BootedRow[]> {
  const clock = stopwatch()
  await using cloud = await startNova({ configDrives })
  console.log(`${clock()} for the start of OpenStack`)
  const account = await cloud.addAccount('prover')
  const bootIn = (row: Row) => async () => {
    const place = join(folder, row.name)
    await mkdir(place)
    return await bootRow(row, disk, { cloud, account, folder: place })
  }
  const booted = await sideBySide(own.map(bootIn), { atOnce, signal: new AbortController().signal })
  const left = Object.values(await account.owned()).flat()
  if (left.length > 0) throw new Error(`left in the cloud: ${left.join(', ')}`)
  return booted
}

function rowNamed(name: string): Row {
  const found = rows.find((row) => row.name === name)
  if (!found) throw new Error(`there is no row "${name}"; there are ${rows.map((row) => row.name).join(', ')}`)
  return found
}
