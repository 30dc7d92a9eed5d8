import { createHash } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readIfThere, writeDurably } from '#files/durable.ts'
import { isMissing, nothingIfMissing } from '#files/errors.ts'
import { messageOf } from '#service/errors.ts'

/** The SHA-256 of every block of a disk that is not all zeros, by index. */
export type BlockList = ReadonlyMap<number, Buffer>

/** As many as one look for snapshots can ask for: AWS takes 200 values of a filter. */
const most = 200
const digestSize = 32
const recordSize = 4 + digestSize

/** The block lists of disks that were sent from here, each in a file named by the SHA-256 of its disk. */
export interface BlockLists {
  /** The disks that there are lists of. */
  disks(): Promise<string[]>
  /** Null when there is none, or none that is whole: what it wrongly said to be in the cloud would be left out there. */
  read(disk: string): Promise<BlockList | null>
  /** Keeps a list, and forgets the oldest beyond so many. */
  keep(disk: string, list: BlockList): Promise<void>
}

/**
 * The lists of a folder; without one, none are kept. They only save sending what is there already, so a folder that cannot be used
 * fails nothing: why is told, and the whole disk is sent.
 */
export function openBlockLists(folder: string | null, onTrouble: (what: string) => void): BlockLists {
  if (folder === null)
    return { disks: () => Promise.resolve([]), read: () => Promise.resolve(null), keep: () => Promise.resolve() }
  const lists = listsIn(folder)
  const unlessTrouble = async <Result>(doing: Promise<Result>, otherwise: Result): Promise<Result> =>
    await doing.catch((error: unknown) => {
      onTrouble(`what is in snapshots is not remembered: ${messageOf(error)}`)
      return otherwise
    })
  return {
    disks: () => unlessTrouble(lists.disks(), []),
    read: (disk) => unlessTrouble(lists.read(disk), null),
    keep: (disk, list) => unlessTrouble(lists.keep(disk, list), undefined),
  }
}

function listsIn(folder: string): BlockLists {
  const pathOf = (disk: string) => join(folder, `${disk}.blocks`)
  const disks = async () =>
    (await readdir(folder).catch(nothingIfMissing)).flatMap((name) => /^([0-9a-f]{64})\.blocks$/.exec(name)?.[1] ?? [])
  return {
    disks,
    async read(disk) {
      const bytes = await readIfThere(pathOf(disk))
      return bytes === null ? null : decode(bytes)
    },
    async keep(disk, list) {
      await writeDurably(pathOf(disk), encode(list))
      const paths = (await disks()).map(pathOf)
      const aged = await Promise.all(paths.map(async (path) => ({ path, at: await ageOf(path) })))
      const oldest = aged.toSorted((one, other) => other.at - one.at).slice(most)
      for (const { path } of oldest) await rm(path, { force: true })
    },
  }
}

/** One that another process has just forgotten is the oldest of all. */
async function ageOf(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs
  } catch (error) {
    if (isMissing(error)) return 0
    throw error
  }
}

/** A record per block, and the SHA-256 of all of them. */
function encode(list: BlockList): Buffer {
  const records = [...list].map(([index, digest]) => {
    const number = Buffer.alloc(4)
    number.writeUInt32BE(index)
    return Buffer.concat([number, digest])
  })
  const body = Buffer.concat(records)
  return Buffer.concat([body, sum(body)])
}

function decode(bytes: Buffer): BlockList | null {
  const body = bytes.subarray(0, Math.max(0, bytes.length - digestSize))
  if (body.length % recordSize !== 0 || !sum(body).equals(bytes.subarray(body.length))) return null
  const list = new Map<number, Buffer>()
  for (let at = 0; at < body.length; at += recordSize)
    list.set(body.readUInt32BE(at), body.subarray(at + 4, at + recordSize))
  return list
}

function sum(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}
