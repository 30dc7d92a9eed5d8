import { identify } from '#disk/identify.ts'
import type { Aspects, Facts } from '#image/description.ts'
import type { Volume } from '#image/facts/partitions.ts'
import { run } from '#subprocess/run.ts'
import type { System } from '../../disk/disk.ts'

/** What partitions are for, by their types in a GPT and in an MBR. */
const roles: Readonly<Record<string, string>> = {
  'C12A7328-F81F-11D2-BA4B-00A0C93EC93B': 'ESP',
  ef: 'ESP',
  '21686148-6449-6E6F-744E-656564454649': 'BIOS boot',
  '0657FD6D-A4AB-43C4-84E5-0933C84B4F4F': 'swap',
  '82': 'swap',
}

/** The partition table and what each partition is for, whatever its number; of the root, how its file system was made. */
export async function diskLayoutFacts(system: System): Promise<Facts> {
  const { table, volumes, root } = system
  const facts = new Map<string, Aspects>([['table', { is: table?.label ?? 'none' }]])
  for (const volume of volumes) {
    const holds = volume.fileSystem?.kind ?? (await identify(volume.bytes)) ?? 'no file system'
    if (volume.fileSystem === root) facts.set('root', { holds, ...(await makingOf(system, volume)) })
    else facts.set(nameOf(volume), { holds })
  }
  return facts
}

function nameOf({ partition }: Volume): string {
  return roles[partition?.type ?? ''] ?? `partition ${String(partition?.number ?? 0)}`
}

const told = ['Filesystem features', 'Default mount options', 'Errors behavior', 'Block size', 'Inode size']

/** Features and settings of an ext file system, each feature by itself. */
async function makingOf({ path, signal }: System, { partition, fileSystem }: Volume): Promise<Aspects> {
  if (fileSystem?.kind.startsWith('ext') !== true) return {}
  const place = `${path}?offset=${String(partition?.start ?? 0)}`
  const { stdout } = await run('dumpe2fs', ['-h', place], { signal, deadline: 60_000 })
  const [features = '', options = '', ...settings] = told.map(
    (name) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(stdout)?.[1] ?? '',
  )
  const each = (what: string, text: string) => text.split(/\s+/).map((one) => [`${what} ${one}`, 'yes'] as const)
  const others = settings.map((value, index) => [(told[index + 2] ?? '').toLowerCase(), value] as const)
  return Object.fromEntries([...each('feature', features), ...each('mounted with', options), ...others])
}
