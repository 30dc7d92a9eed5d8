import { createHash } from 'node:crypto'
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { blockSize } from './block-size.ts'

/** A written block's record: one byte that says so, and the SHA-256 of its data. */
const recordSize = 33
const written = 1

interface Files {
  readonly data: FileHandle
  readonly records: FileHandle
}

/**
 * Blocks of snapshots: per snapshot a sparse file with the data and a table with a record per block. Data is
 * written before its record, so a record never promises what is not there, whenever we are killed. The files are
 * not forced to the disk: this survives our death, not the machine's.
 */
export async function openBlocks(folder: string) {
  await mkdir(folder, { recursive: true })
  const opened = new Map<string, Promise<Files>>()

  function filesOf(id: string): Promise<Files> {
    const known = opened.get(id)
    if (known) return known
    const files = openFiles(join(folder, id))
    opened.set(id, files)
    return files
  }

  async function close(id: string): Promise<void> {
    const files = opened.get(id)
    opened.delete(id)
    if (!files) return
    const { data, records } = await files
    await data.close()
    await records.close()
  }

  return {
    async put(id: string, index: number, bytes: Buffer, digest: Buffer): Promise<void> {
      const { data, records } = await filesOf(id)
      await data.write(bytes, 0, blockSize, index * blockSize)
      await records.write(Buffer.concat([Buffer.of(written), digest]), 0, recordSize, index * recordSize)
    },
    async get(id: string, index: number): Promise<{ bytes: Buffer; digest: Buffer } | null> {
      const { data, records } = await filesOf(id)
      const record = Buffer.alloc(recordSize)
      await records.read(record, 0, recordSize, index * recordSize)
      if (record[0] !== written) return null
      const bytes = Buffer.alloc(blockSize)
      await data.read(bytes, 0, blockSize, index * blockSize)
      return { bytes, digest: record.subarray(1) }
    },
    /** The indexes of the written blocks, rising. */
    async list(id: string): Promise<number[]> {
      const table = await tableOf(id)
      return Array.from({ length: Math.ceil(table.length / recordSize) }, (_, index) => index).filter(
        (index) => table[index * recordSize] === written,
      )
    },
    /** How many blocks are written, and the linear checksum over their digests. */
    async sum(id: string): Promise<{ count: number; checksum: string }> {
      const table = await tableOf(id)
      const linear = createHash('sha256')
      let count = 0
      for (let at = 0; at + recordSize <= table.length; at += recordSize) {
        if (table[at] !== written) continue
        linear.update(table.subarray(at + 1, at + recordSize))
        count += 1
      }
      return { count, checksum: linear.digest('base64') }
    },
    async remove(id: string): Promise<void> {
      await close(id)
      await rm(join(folder, `${id}.data`), { force: true })
      await rm(join(folder, `${id}.records`), { force: true })
    },
    close,
    async closeAll(): Promise<void> {
      for (const id of opened.keys()) await close(id)
    },
  }

  async function tableOf(id: string): Promise<Buffer> {
    const { records } = await filesOf(id)
    const { size } = await records.stat()
    const table = Buffer.alloc(size)
    await records.read(table, 0, size, 0)
    return table
  }
}

export type BlockStore = Awaited<ReturnType<typeof openBlocks>>

async function openFiles(path: string): Promise<Files> {
  return { data: await openOrMake(`${path}.data`), records: await openOrMake(`${path}.records`) }
}

/** Not `w+`, which would empty what an earlier life has written. */
async function openOrMake(path: string): Promise<FileHandle> {
  const made = await open(path, 'a')
  await made.close()
  return await open(path, 'r+')
}
