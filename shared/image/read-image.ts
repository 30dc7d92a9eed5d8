import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { openRawDisk } from '#disk/raw-disk.ts'
import type { ImageDescription } from './description.ts'
import { readFiles } from './facts/files.ts'
import { readKernelArguments } from './facts/kernel-arguments.ts'
import { readPackages } from './facts/packages.ts'
import { readPartitions } from './facts/partitions.ts'
import { isUnitLink, readUnits } from './facts/units.ts'
import { readOwners, readUsers, userFiles } from './facts/users.ts'
import { mountTree } from './mount-tree.ts'
import { openVolumes } from './open-volumes.ts'
import type { TreeEntry } from './tree.ts'

export interface ImageReading {
  /** A folder for what has to be unpacked, as large as the data of the image. */
  readonly scratch: string
  readonly signal?: AbortSignal
}

/**
 * Describes an image (raw, qcow2, raw.xz), without mounting or starting it, and without root. Throws DiskUnreadable when it
 * is none, and ToolMissing when this host cannot read one of its kind.
 */
export async function readImage(path: string, { scratch, signal }: ImageReading): Promise<ImageDescription> {
  const folder = await mkdtemp(join(scratch, 'image-'))
  const options = { scratch: folder, ...(signal && { signal }) }
  try {
    const { path: rawPath, format } = await openRawDisk(path, options)
    await using disk = await openVolumes(rawPath, signal)
    const { bytes, table, volumes } = disk
    const { tree, root } = await mountTree(volumes)
    const packages = await readPackages(tree, options)
    const told = (entry: TreeEntry) => {
      if (isUnitLink(entry)) return 'all'
      return packages.told(entry.path) || userFiles.has(entry.path) ? 'content' : 'nothing'
    }
    return {
      format,
      system:
        /^PRETTY_NAME="?(.*?)"?$/m.exec((await tree.text('/etc/os-release')) ?? '')?.[1] ?? 'a system without a name',
      packageOf: packages.packageOf,
      facts: {
        packages: packages.facts,
        units: readUnits(tree),
        users: await readUsers(tree),
        'kernel arguments': await readKernelArguments(tree, root),
        partitions: await readPartitions(bytes, table, { volumes, root }),
        files: await readFiles(tree, {
          told,
          ownerOf: await readOwners(tree),
          rootUuid: root.uuid,
          ...(signal && { signal }),
        }),
      },
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
