import { open, stat, symlink, truncate } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ToolFailed } from '#subprocess/errors.ts'
import { run, type RunOptions } from '#subprocess/run.ts'
import { DiskUnreadable } from './errors.ts'
import { externalData, readQcow2Header } from './qcow2-header.ts'
import { readVhdFooter, vhdFooterBytes } from './vhd-footer.ts'

/** A disk as a raw file: the file itself, or one that was made of it. */
export interface RawDisk {
  readonly path: string
  readonly format: 'raw' | 'qcow2' | 'vhd' | 'raw.xz'
}

export interface Unpacking {
  /** A folder for what has to be unpacked, as large as the data on the disk. */
  readonly scratch: string
  readonly signal?: AbortSignal
}

const deadline = 1_800_000

/** How qemu-img ends when there is more in a file than in the disk, which does no harm. */
const leaks = 3

/** Makes a disk readable that is raw, qcow2, VHD or raw.xz, whatever its name is. Throws DiskUnreadable. */
export async function openRawDisk(path: string, { scratch, signal }: Unpacking): Promise<RawDisk> {
  const options = { deadline, ...(signal && { signal }) }
  const file = await stat(path).catch((cause: unknown) => {
    throw new DiskUnreadable(`there is no file ${JSON.stringify(path)}`, { cause })
  })
  if (file.isFile() && file.size === 0) throw new DiskUnreadable(`${JSON.stringify(path)} is empty`)
  if (!file.isFile()) throw new DiskUnreadable(`${JSON.stringify(path)} is no file`)
  const unpacked = join(scratch, 'disk.raw')
  const format = await formatOf(path)
  if (format === 'qcow2') await unpackQcow2(path, unpacked, options)
  if (format === 'vhd') await unpackVhd(path, unpacked, options)
  if (format === 'raw.xz') await unpackXz(path, unpacked, options)
  if (format === 'raw') return { path: resolve(path), format }
  await assertNoArchive(path, unpacked)
  return { path: unpacked, format }
}

async function formatOf(path: string): Promise<RawDisk['format']> {
  await using file = await open(path)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(6), 0, 6, 0)
  const start = buffer.toString('latin1', 0, bytesRead)
  if (start.startsWith('QFI\u00fb')) return 'qcow2'
  if (start === '\u00fd7zXZ\0') return 'raw.xz'
  return (await readVhdFooter(path)) === null ? 'raw' : 'vhd'
}

/** A qcow2 can name another file of this host, which its reader then reads: a stranger's may not. */
async function unpackQcow2(path: string, to: string, options: RunOptions): Promise<void> {
  const header = await readQcow2Header(path)
  if (header === null) throw new DiskUnreadable(`${JSON.stringify(path)} is a qcow2 that is cut short`)
  if (header.hasBackingFile || (header.incompatibleFeatures & externalData) !== 0n) {
    throw new DiskUnreadable(`${JSON.stringify(path)} is only a part: it names another file that has the rest`)
  }
  // Beyond the end of its file, qemu-img reads zeros.
  await unpack(path, 'qemu-img', ['check', '-q', '-f', 'qcow2', resolve(path)], { ...options, okCodes: [0, leaks] })
  await unpack(path, 'qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', resolve(path), to], options)
}

/** A fixed one is the raw disk with a footer. One that grows is QEMU's to read, with the size that the footer says. */
async function unpackVhd(path: string, to: string, options: RunOptions): Promise<void> {
  const footer = await readVhdFooter(path)
  if (footer === null || footer === 'cut-short')
    throw new DiskUnreadable(`${JSON.stringify(path)} is a VHD that is cut short`)
  if (footer.kind === 'differencing') {
    throw new DiskUnreadable(`${JSON.stringify(path)} is only a part: it names another file that has the rest`)
  }
  if (footer.kind === 'fixed') {
    const { size } = await stat(path)
    if (size !== footer.size + vhdFooterBytes) {
      throw new DiskUnreadable(
        `${JSON.stringify(path)} is no whole VHD: its footer tells of ${String(footer.size)} bytes, before it are ${String(size - vhdFooterBytes)}`,
      )
    }
    await run('cp', ['--reflink=auto', '--sparse=always', resolve(path), to], options)
    await truncate(to, footer.size)
    return
  }
  const source = `driver=vpc,force_size_calc=current_size,file.driver=file,file.filename=${resolve(path).replaceAll(',', ',,')}`
  await unpack(path, 'qemu-img', ['convert', '--image-opts', '-O', 'raw', source, to], options)
}

/** xz leaves holes in a file that it names itself, and names it after its input. */
async function unpackXz(path: string, to: string, options: RunOptions): Promise<void> {
  const link = `${to}.xz`
  await symlink(resolve(path), link)
  await unpack(path, 'xz', ['--decompress', '--keep', '--force', '--threads=0', link], options)
}

async function unpack(path: string, tool: string, args: readonly string[], options: RunOptions): Promise<void> {
  await run(tool, args, options).catch((cause: unknown) => {
    if (!(cause instanceof ToolFailed) || cause.end.why !== 'exit') throw cause
    throw new DiskUnreadable(`${JSON.stringify(path)} cannot be unpacked: ${cause.message}`, { cause })
  })
}

async function assertNoArchive(path: string, unpacked: string): Promise<void> {
  await using file = await open(unpacked)
  const { buffer } = await file.read(Buffer.alloc(5), 0, 5, 257)
  if (buffer.toString('latin1') !== 'ustar') return
  throw new DiskUnreadable(`${JSON.stringify(path)} is an archive: unpack it, and name the disk in it`)
}
