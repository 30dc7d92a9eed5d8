import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Architecture } from '#events/vocabulary.ts'
import { subvariantOf } from '../naming/subvariant.ts'
import type { PlannedFile, TreePlan } from '../plan-tree.ts'

/** productmd's names for our formats; it has none for raw.tar.xz, which therefore is in drop.json only. */
const productmdType: Readonly<Record<string, string>> = {
  qcow2: 'qcow2',
  'raw.xz': 'raw-xz',
  vhd: 'vhd',
  'tar.gz': 'tar-gz',
}

/** The images of a drop in productmd's images.json 1.2, paths relative to the folder of the drop. */
export async function formatImagesIndex(folder: string, { identity, variant, files }: TreePlan): Promise<string> {
  const { id, type, date, respin } = identity.compose
  const byArch: Record<string, object[]> = {}
  for (const file of files) {
    const productmd = productmdType[file.artifact.format]
    if (productmd === undefined) continue
    const arch = productmdArch(file.architecture)
    const { mtimeMs } = await stat(join(folder, file.path))
    ;(byArch[arch] ??= []).push(describeImage(file, { arch, type: productmd, mtime: Math.floor(mtimeMs / 1000) }))
  }
  const index = {
    header: { type: 'productmd.images', version: '1.2' },
    payload: { compose: { date, id, respin, type }, images: { [variant]: byArch } },
  }
  return `${JSON.stringify(index, null, 4)}\n`
}

/** An architecture as productmd and the mirrors call it. */
export function productmdArch(architecture: Architecture): string {
  return architecture === 'i686' ? 'i386' : architecture
}

interface Facts {
  readonly arch: string
  readonly type: string
  readonly mtime: number
}

function describeImage({ path, artifact, flavour }: PlannedFile, { arch, type, mtime }: Facts): object {
  return {
    arch,
    bootable: false,
    checksums: { sha256: artifact.sha256 },
    disc_count: 1,
    disc_number: 1,
    format: artifact.format,
    implant_md5: null,
    mtime,
    path,
    size: artifact.size,
    subvariant: subvariantOf(flavour),
    type,
    volume_id: null,
  }
}
