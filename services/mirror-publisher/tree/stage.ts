import { chmod, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { linkArtifact } from '#artifacts/folder.ts'
import type { MirroredFile } from '#events/vocabulary.ts'
import type { Context } from '#service/define.ts'
import { writeDownloads } from '../downloads/write-downloads.ts'
import { writeEvidence } from '../evidence/write-evidence.ts'
import { writeChecksums } from '../indexes/checksum.ts'
import { writeMetadata } from '../indexes/metadata.ts'
import { foldersOf, type Mirror } from '../mirror.ts'
import type { TreePlan } from '../plan-tree.ts'
import { writeFolderSums, writeSums } from '../signing/sums.ts'
import { assertRoom, explainFullDisk } from './capacity.ts'
import { discard, makeFolder, makeFolderDurably, renameDurably, syncTree, writePublicFile } from '../durable.ts'
import { assertNotOlder, occupantOf } from './occupant.ts'
import { fulfils, formatRecord, readRecord, recordName, recordOf, sumsOf, type DropRecord } from './record.ts'
import { verifyFiles } from './verify.ts'

/** A tree on the mirror master, and where it is now. */
export interface Tree {
  readonly folder: string
  readonly record: DropRecord
}

/**
 * Puts the whole tree of a drop on the mirror master, closed. A tree that is staged, or public, already is left as
 * it is. It is made under another name and renamed, so a staged tree is always complete.
 */
export async function stageDrop(plan: TreePlan, mirror: Mirror, context: Context): Promise<Tree> {
  const { staging, staged, partial, withdrawn } = foldersOf(mirror.root, plan.drop)
  await makeFolderDurably(mirror.root)
  await makeFolderDurably(staging, 0o700)
  await rm(partial, { recursive: true, force: true })

  const open = join(mirror.root, plan.path)
  const occupant = await occupantOf(open)
  if (fulfils(occupant, plan)) return { folder: open, record: occupant }
  assertNotOlder(plan, occupant)
  const existing = await readRecord(staged)
  if (fulfils(existing, plan)) return { folder: staged, record: existing }
  await discard(staged, withdrawn)

  await assertRoom(
    [...plan.files, ...plan.images.flatMap(({ seen, description }) => [...seen, ...description])],
    mirror.artifacts,
    staging,
    context.signal,
  )
  try {
    const record = await fillFolder(partial, plan, mirror, context)
    await syncTree(partial)
    await renameDurably(partial, staged)
    return { folder: staged, record }
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    const wanted = plan.files.reduce((sum, { artifact }) => sum + artifact.size, 0)
    throw await explainFullDisk(error, wanted, staging)
  }
}

async function fillFolder(folder: string, plan: TreePlan, mirror: Mirror, context: Context): Promise<DropRecord> {
  await makeFolder(folder, 0o700)
  const kept = plan.images.flatMap(({ seen, description }) => [...seen, ...description])
  const besides = kept.map((file) => ({ ...file, image: null }))
  for (const { path, artifact } of [...plan.files, ...besides]) {
    context.signal.throwIfAborted()
    const to = join(folder, path)
    await makeFolder(dirname(to))
    await linkArtifact(await mirror.artifacts.open(artifact, context.signal), to)
    await chmod(to, 0o644)
  }
  const linked = [...plan.files, ...besides].map(({ path, artifact, image }): MirroredFile => ({
    path,
    sha256: artifact.sha256,
    size: artifact.size,
    image,
  }))
  // What is read here is what will be read there: the link is the artifact's own file, or the copy that was made.
  const phase = 'verifying what is staged'
  const sha512 = await verifyFiles(folder, linked, { ...context, phase, sha512: plan.sha512 })

  const images = linked.filter(({ image }) => image !== null)
  const evidence = await writeEvidence(folder, plan, mirror)
  const checksums = await writeChecksums(folder, plan, { ...context, signer: mirror.signer, sha512 })
  const metadata = await writeMetadata(folder, plan)
  const downloads = await writeDownloads(folder, plan, mirror.downloads, context)

  // Last, because these are of all files that came before.
  const files = [...images, ...evidence, ...checksums, ...metadata, ...downloads]
  const below = plan.checksums.map((one) => one.folder)
  const record = recordOf(plan, [...files, ...(await writeFolderSums(folder, below, files, mirror, context))])
  await writePublicFile(join(folder, recordName), formatRecord(record))
  await writeSums(folder, '', sumsOf(record), mirror, context)
  return record
}
