import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bytes } from '#disk/bytes.ts'
import type { FileSystem } from '#disk/file-system.ts'
import type { PartitionTable } from '#disk/partitions.ts'
import { openRawDisk } from '#disk/raw-disk.ts'
import type { ImageDescription } from './description.ts'
import type { Volume } from './facts/partitions.ts'
import { mountTree } from './mount-tree.ts'
import { openVolumes } from './open-volumes.ts'
import type { Tree } from './tree.ts'

export interface ImageReading {
  /** A folder for what has to be unpacked, as large as the data of the image. */
  readonly scratch: string
  readonly signal?: AbortSignal
}

/** An image that is open: its disk, what is on it, and its files as one tree. */
export interface OpenImage {
  readonly format: ImageDescription['format']
  readonly disk: Bytes
  readonly table: PartitionTable | null
  readonly volumes: readonly Volume[]
  readonly tree: Tree
  readonly root: FileSystem
  /** For what reads more of it: the scratch folder is this image's own. */
  readonly options: ImageReading
}

/**
 * Opens an image (raw, qcow2, VHD, raw.xz) for as long as `use` takes, without mounting it, and without root. Throws
 * DiskUnreadable when it is none, and ToolMissing when this host cannot read one of its kind.
 */
export async function withImage<Result>(
  path: string,
  { scratch, signal }: ImageReading,
  use: (image: OpenImage) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(scratch, 'image-'))
  const options = { scratch: folder, ...(signal && { signal }) }
  try {
    const { path: rawPath, format } = await openRawDisk(path, options)
    await using opened = await openVolumes(rawPath, signal)
    const { bytes: disk, table, volumes } = opened
    return await use({ format, disk, table, volumes, options, ...(await mountTree(volumes)) })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
