import { randomUUID } from 'node:crypto'
import { open, rm, writeFile } from 'node:fs/promises'
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

/** Damages a disk in its place. */
export async function damage(disk: string, damage: DiskDamage): Promise<void> {
  const { files = {}, requests = [], bytes = {}, esp = [], partitionTypes = {} } = damage
  const text = `${disk}.${randomUUID()}`
  const texts = Object.entries(files)
  const all = [...requests]
  for (const [index, [path, content]] of texts.entries()) {
    all.push(`rm ${path}`)
    await writeFile(`${text}.${String(index)}`, content)
    all.push(`write ${text}.${String(index)} ${path}`, `set_inode_field ${path} uid 0`, `set_inode_field ${path} gid 0`)
    all.push(`set_inode_field ${path} mode 0100644`, label(path))
  }
  if (all.length > 0) {
    await writeFile(text, [...all, ''].join('\n'))
    await run('debugfs', ['-w', '-f', text, `${disk}?offset=${String(rootAt)}`])
  }
  for (const [number, type] of Object.entries(partitionTypes))
    await run('sfdisk', ['--quiet', '--part-type', disk, number, type])
  for (const [tool, ...args] of esp) await run(tool, ['-i', `${disk}@@${String(espAt)}`, ...args])
  await using file = await open(disk, 'r+')
  for (const [at, content] of Object.entries(bytes)) await file.write(content, 0, content.length, Number(at))
  await Promise.all(
    [text, ...texts.map((_, index) => `${text}.${String(index)}`)].map((path) => rm(path, { force: true })),
  )
}

/** The request to debugfs that gives a new thing the label that everything has. */
export function label(path: string): string {
  return `ea_set ${path} security.selinux system_u:object_r:thing_t:s0`
}
