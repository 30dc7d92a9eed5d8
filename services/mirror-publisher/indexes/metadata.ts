import { join } from 'node:path'
import type { MirroredFile } from '#events/vocabulary.ts'
import { describeFile, makeFolder, writePublicFile } from '../durable.ts'
import type { TreePlan } from '../plan-tree.ts'
import { formatComposeInfo } from './compose-info.ts'
import { formatImagesIndex } from './images-index.ts'

/** Where productmd's `Compose` looks. */
const metadata = 'metadata'

/** Writes what productmd reads of a drop. */
export async function writeMetadata(folder: string, plan: TreePlan): Promise<MirroredFile[]> {
  await makeFolder(join(folder, metadata))
  const texts = [
    ['composeinfo.json', formatComposeInfo(plan)],
    ['images.json', await formatImagesIndex(folder, plan)],
  ] as const
  const written: MirroredFile[] = []
  for (const [name, text] of texts) {
    const path = `${metadata}/${name}`
    await writePublicFile(join(folder, path), text)
    written.push(await describeFile(folder, path))
  }
  return written
}
