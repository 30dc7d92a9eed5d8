import type { ImageDescription } from './description.ts'
import { readFiles } from './facts/files.ts'
import { readKernelArguments } from './facts/kernel-arguments.ts'
import { readPackages } from './facts/packages.ts'
import { readPartitions } from './facts/partitions.ts'
import { isUnitLink, readUnits } from './facts/units.ts'
import { readOwners, readUsers, userFiles } from './facts/users.ts'
import { withImage, type ImageReading } from './open-image.ts'
import type { TreeEntry } from './tree.ts'

/**
 * Describes an image (raw, qcow2, VHD, raw.xz), without mounting or starting it, and without root. Throws DiskUnreadable when it
 * is none, and ToolMissing when this host cannot read one of its kind.
 */
export async function readImage(path: string, reading: ImageReading): Promise<ImageDescription> {
  return await withImage(path, reading, async ({ format, disk, table, volumes, tree, root, options }) => {
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
        partitions: await readPartitions(disk, table, { volumes, root }),
        files: await readFiles(tree, {
          told,
          ownerOf: await readOwners(tree),
          rootUuid: root.uuid,
          ...(options.signal && { signal: options.signal }),
        }),
      },
    }
  })
}
