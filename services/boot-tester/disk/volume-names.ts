import type { Volume } from '#image/facts/partitions.ts'
import { run } from '#subprocess/run.ts'
import type { Disk } from './disk.ts'

/** The names by which fstab and the kernel's arguments may call a volume, as `UUID=…`, in the form of `normalName`. */
export async function namesOf(disk: Disk, volume: Volume): Promise<string[]> {
  const { partition, fileSystem } = volume
  const known = fileSystem === null ? await probe(disk, volume) : { UUID: fileSystem.uuid, LABEL: fileSystem.label }
  const names = { ...known, PARTUUID: partition?.uuid ?? '', PARTLABEL: partition?.name ?? '' }
  return Object.entries(names)
    .filter(([, value]) => value !== '')
    .map(([key, value]) => normalName(`${key}=${value}`))
}

/** A name without quotes, and with its digits in lower case where that makes no difference. */
export function normalName(name: string): string {
  const [key = '', value = ''] = name.replaceAll('"', '').split(/=(.*)/s)
  return /^(PART)?UUID$/.test(key) ? `${key}=${value.toLowerCase()}` : `${key}=${value}`
}

/** The names of what our own reader does not know: FAT, swap. */
async function probe({ path, signal }: Disk, { partition, bytes }: Volume): Promise<Record<string, string>> {
  const place = ['--offset', String(partition?.start ?? 0), '--size', String(bytes.size)]
  const { stdout } = await run('blkid', ['--probe', ...place, '--output', 'export', path], {
    signal,
    deadline: 60_000,
    // 2: nothing was found.
    okCodes: [0, 2],
  })
  const of = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(stdout)?.[1]?.replaceAll('\\', '') ?? ''
  return { UUID: of('UUID'), LABEL: of('LABEL') }
}
