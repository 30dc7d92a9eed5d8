import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { fillRoot } from '#test/support/fill-root.ts'
import { rootOffset } from '../line/debian-disk.ts'
import { sentAfter, type SentShare } from './blocks-sent.ts'

const changedShare = 0.03
const day = 86_400
const epoch = 1_767_225_600
const thisWeek = { uuid: 'a2b12a97-2f19-4704-81d3-166f8852f325', time: epoch }
const nextWeek = { uuid: '0637b6cc-1454-4096-a6ad-831d328d91c7', time: epoch + 7 * day }

/** What EBS is sent of a root file system a week later, in which so many packages have changed. */
export interface WeekFigures {
  readonly packages: number
  readonly changed: number
  readonly sent: SentShare
}

/**
 * Takes the tree out of a disk that the Debian recipe made, as root, and fills a root file system with it, and another with the tree as
 * it may be a week later: all files of 3 % of the packages have other bytes and up to 3 % more or less of them, the initrd is
 * another, and so are all times and the UUID. The kernel is not among them: when it is, a quarter of all bytes are new.
 */
export async function measureWeek(disk: string, folder: string): Promise<WeekFigures> {
  const before = join(folder, 'this-week')
  const after = join(folder, 'next-week')
  for (const tree of [before, after]) await rm(tree, { recursive: true, force: true })
  await mkdir(before, { recursive: true })
  await run('debugfs', ['-R', `rdump / ${before}`, `${disk}?offset=${String(await rootOffset(disk))}`])
  await run('cp', ['--archive', '--reflink=auto', '--sparse=always', before, after])
  const lists = (await readdir(join(after, 'var/lib/dpkg/info'))).filter((name) => name.endsWith('.list')).toSorted()
  const ordinary = lists.filter((name) => !name.startsWith('linux-'))
  const chosen = ordinary.toSorted((one, other) => (digestOf(one) < digestOf(other) ? -1 : 1))
  const changed = chosen.slice(0, Math.ceil(lists.length * changedShare))
  for (const list of changed) await changePackage(after, list)
  for (const name of await readdir(join(after, 'boot'))) {
    if (name.startsWith('initrd')) await changeFile(join(after, 'boot', name))
  }
  const roots = [await fillRoot(before, thisWeek), await fillRoot(after, nextWeek)] as const
  return { packages: lists.length, changed: changed.length, sent: await sentAfter(...roots) }
}

async function changePackage(tree: string, list: string): Promise<void> {
  const paths = (await readFile(join(tree, 'var/lib/dpkg/info', list), 'utf8')).split('\n')
  for (const path of paths) {
    const file = join(tree, path)
    const found = await stat(file).catch(() => null)
    if (found?.isFile() === true && found.size > 0) await changeFile(file)
  }
}

/** Other bytes, and up to 3 % more or fewer. */
async function changeFile(file: string): Promise<void> {
  const bytes = await readFile(file)
  const factor = 0.98 + (Number.parseInt(digestOf(file).slice(0, 4), 16) / 0xffff) * 0.05
  const size = Math.max(1, Math.round(bytes.length * factor))
  await writeFile(file, createHash('shake256', { outputLength: size }).update(bytes).digest())
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
