import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { espAt, rootAt } from '../small-cloud-image.ts'

/** A way to break a disk that one check finds, and no other. */
export interface DiskDamage {
  /** The check that finds it. */
  readonly check: string
  readonly what: string
  /** What the check then says. */
  readonly says: RegExp
  /** Texts by their paths, in the place of what is there, after the requests. */
  readonly files?: Readonly<Record<string, string>>
  /** Requests to debugfs. */
  readonly requests?: readonly string[]
  /** Bytes by their places on the disk. */
  readonly bytes?: Readonly<Record<number, Buffer>>
  /** Requests to mtools, each a command and what it is about, on the ESP. */
  readonly esp?: readonly (readonly [tool: string, ...args: string[]])[]
  /** What a partition is for, by its number. */
  readonly partitionTypes?: Readonly<Record<number, string>>
  /** How large the image was before. */
  readonly earlierBytes?: number
}

/** What is done to the root of a disk. */
export type RootDamage = Pick<DiskDamage, 'files' | 'requests'>

/** Damages the small image of the tests in its place. */
export async function damage(
  disk: string,
  { bytes = {}, esp = [], partitionTypes = {}, ...root }: DiskDamage,
): Promise<void> {
  const labels = Object.keys(root.files ?? {}).map(label)
  await damageRoot(disk, root, { rootAt, afterwards: labels })
  for (const [number, type] of Object.entries(partitionTypes)) {
    await run('sfdisk', ['--quiet', '--part-type', disk, number, type])
  }
  for (const [tool, ...args] of esp) await run(tool, ['-i', `${disk}@@${String(espAt)}`, ...args])
  await using file = await open(disk, 'r+')
  for (const [at, content] of Object.entries(bytes)) await file.write(content, 0, content.length, Number(at))
}

interface Place {
  /** Where the root begins on the disk. */
  readonly rootAt: number
  /** More requests to debugfs. */
  readonly afterwards?: readonly string[]
}

/** Damages the root of any disk in its place, without mounting it. What is written belongs to root. */
export async function damageRoot(
  disk: string,
  { files = {}, requests = [] }: RootDamage,
  { rootAt, afterwards = [] }: Place,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-damage-'))
  const all = [...requests]
  for (const [index, [path, content]] of Object.entries(files).entries()) {
    const text = join(folder, String(index))
    await writeFile(text, content)
    all.push(`rm ${path}`, `write ${text} ${path}`)
    all.push(...['uid 0', 'gid 0', 'mode 0100644'].map((field) => `set_inode_field ${path} ${field}`))
  }
  const script = join(folder, 'requests')
  await writeFile(script, [...all, ...afterwards, ''].join('\n'))
  if (all.length > 0) await run('debugfs', ['-w', '-f', script, `${disk}?offset=${String(rootAt)}`])
  await rm(folder, { recursive: true })
}

/** The request to debugfs that gives a new thing the label that everything has. */
export function label(path: string): string {
  return `ea_set ${path} security.selinux system_u:object_r:thing_t:s0`
}
