import { identify } from '#disk/identify.ts'
import type { Volume } from '#image/facts/partitions.ts'
import { run } from '#subprocess/run.ts'
import type { Disk } from '../../disk/disk.ts'
import { passedIfNone, type DiskCheck } from '../check.ts'

/** What may hold a system. Of others than ext, whether they are clean is not looked into. */
const forSystems = new Set(['ext', 'xfs', 'btrfs', 'LUKS', 'LVM', 'squashfs', 'erofs'])

/** The first mount finds nothing to mend. */
export const fileSystems: DiskCheck = {
  name: 'file-systems',
  description: 'the file systems were unmounted cleanly and e2fsck finds nothing wrong in them',
  severity: 'error',
  rule: 'e2fsck(8), "Exit code"; kernel, filesystems/ext4, "Super Block" (s_state)',
  since: '2026-11-26',
  on: 'disk',
  reads: 'disk',
  judge: async (disk) => {
    const kinds = await Promise.all(disk.volumes.map(({ bytes }) => identify(bytes)))
    const faults = disk.volumes.map(({ fault }) => fault?.message).filter((fault) => fault !== undefined)
    if (!kinds.some((kind) => kind !== null && forSystems.has(kind))) faults.push('there is no file system for a root')
    // What can be read and yet holds no system.
    if (disk.unreadable !== null && faults.length === 0 && !kinds.some(isForeign)) faults.push(disk.unreadable)
    for (const [index, volume] of disk.volumes.entries()) {
      if (kinds[index] === 'ext') faults.push(...(await faultsOfExt(disk, volume)))
    }
    return passedIfNone(faults, kinds.map((kind, index) => tell(kind, disk.volumes[index])).join(', '))
  },
}

function isForeign(kind: string | null): boolean {
  return kind !== null && kind !== 'ext' && forSystems.has(kind)
}

function tell(kind: string | null, volume: Volume | undefined): string {
  const what = volume?.fileSystem?.kind ?? kind ?? 'none'
  if (kind === 'ext') return `${what}: clean`
  return isForeign(kind) ? `${what}: not looked into` : what
}

const isValid = 1
const hasErrors = 2

async function faultsOfExt({ path, signal }: Disk, { partition, bytes }: Volume): Promise<string[]> {
  const name = partition === null ? 'the disk' : `partition ${String(partition.number)}`
  const state = (await bytes.read(1024 + 0x3a, 2)).readUInt16LE(0)
  if ((state & hasErrors) !== 0) return [`${name}: its superblock says that errors were met`]
  if ((state & isValid) === 0) return [`${name}: it was not unmounted cleanly`]
  const said: string[] = []
  const { code } = await run('e2fsck', ['-f', '-n', `${path}?offset=${String(partition?.start ?? 0)}`], {
    signal,
    deadline: 600_000,
    okCodes: [0, 4, 8, 12],
    onLine: (line) => said.push(line.trim()),
  })
  if (code === 0) return []
  const telling = said.filter((line) => line !== '' && !/^(Pass \d|e2fsck |\w+: \d+\/\d+ files)/.test(line))
  return telling.slice(0, 3).map((line) => `${name}: ${line}`)
}
