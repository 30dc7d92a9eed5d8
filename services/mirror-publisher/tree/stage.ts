import { chmod, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { linkArtifact } from '#artifacts/folder.ts'
import type { MirroredFile } from '#events/vocabulary.ts'
import type { Context } from '#service/define.ts'
import { writeChecksums } from '../indexes/checksum.ts'
import { writeMetadata } from '../indexes/metadata.ts'
import { foldersOf, type Mirror } from '../mirror.ts'
import type { TreePlan } from '../plan-tree.ts'
import { assertRoom, explainFullDisk } from './capacity.ts'
import { discard, makeFolder, makeFolderDurably, renameDurably, syncTree, writePublicFile } from '../durable.ts'
import { assertNotOlder, occupantOf } from './occupant.ts'
import { fulfils, formatRecord, readRecord, recordName, recordOf, type DropRecord } from './record.ts'
import { verifyFiles } from './verify.ts'

/**
 * Puts the whole tree of a drop on the mirror master, closed. A tree that is staged, or public, already is left as
 * it is. It is made under another name and renamed, so a staged tree is always complete.
 */
export async function stageDrop(plan: TreePlan, mirror: Mirror, context: Context): Promise<DropRecord> {
  const { staging, staged, partial, withdrawn } = foldersOf(mirror.root, plan.drop)
  await makeFolderDurably(mirror.root)
  await makeFolderDurably(staging, 0o700)
  await rm(partial, { recursive: true, force: true })

  const occupant = await occupantOf(join(mirror.root, plan.path))
  if (fulfils(occupant, plan)) return occupant
  assertNotOlder(plan, occupant)
  const existing = await readRecord(staged)
  if (fulfils(existing, plan)) return existing
  await discard(staged, withdrawn)

  await assertRoom(plan.files, mirror.artifacts, staging, context.signal)
  try {
    const record = await fillFolder(partial, plan, mirror, context)
    await syncTree(partial)
    await renameDurably(partial, staged)
    return record
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    const wanted = plan.files.reduce((sum, { artifact }) => sum + artifact.size, 0)
    throw await explainFullDisk(error, wanted, staging)
  }
}

async function fillFolder(folder: string, plan: TreePlan, mirror: Mirror, context: Context): Promise<DropRecord> {
  await makeFolder(folder, 0o700)
  for (const { path, artifact } of plan.files) {
    context.signal.throwIfAborted()
    const to = join(folder, path)
    await makeFolder(dirname(to))
    await linkArtifact(await mirror.artifacts.open(artifact, context.signal), to)
    await chmod(to, 0o644)
  }
  const images = plan.files.map(({ path, artifact, image }): MirroredFile => ({
    path,
    sha256: artifact.sha256,
    size: artifact.size,
    image,
  }))
  // What is read here is what will be read there: the link is the artifact's own file, or the copy that was made.
  await verifyFiles(folder, images, { ...context, phase: 'verifying what is staged' })

  const checksums = await writeChecksums(folder, plan, { ...context, signing: mirror.signing })
  const metadata = await writeMetadata(folder, plan)
  const record = recordOf(plan, [...images, ...checksums, ...metadata])
  await writePublicFile(join(folder, recordName), formatRecord(record))
  return record
}
