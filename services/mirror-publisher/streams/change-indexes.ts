import { existsSync } from 'node:fs'
import { lstat, readlink, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ComposeRef } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'
import { isMissing, makeFolder, makeFolderDurably, syncPath, syncTree, writePublicFile } from '../durable.ts'
import { stagingName, type Mirror } from '../mirror.ts'
import { checkAgainstTree } from './check-against-tree.ts'
import { signAndVerify } from '../signing/open-signer.ts'
import type { LatestLink } from './latest.ts'
import { readStreams } from './read-streams.ts'
import { rememberedOf } from './remembered.ts'
import { renderIndexes, type IndexFile } from './render-indexes.ts'
import {
  dropPathOf,
  emptyStream,
  formatIndexedDrop,
  formatStreamIndex,
  streamOf,
  streamPathOf,
  type IndexedDrop,
  type StreamDocument,
} from './stream-document.ts'

interface ChangeOptions {
  readonly signal: AbortSignal
  readonly logFolder: string
}

/**
 * Changes what is noted of one stream, and makes all indexes anew from it that it is in. They are checked against the tree, prepared
 * aside, and then put in place one after the other, each whole; what is as it was stays untouched. Done again after a
 * kill, it ends the same. Resolves with the stream as it is now.
 */
export async function changeIndexes(
  compose: ComposeRef,
  change: (document: StreamDocument) => StreamDocument,
  mirror: Mirror,
  options: ChangeOptions,
): Promise<StreamDocument> {
  const { root, publicUrl, memory } = mirror
  const known = await readStreams(root, memory)
  const { stored } = rememberedOf(memory)
  const stream = streamOf(compose)
  const before = known.find((one) => one.stream === stream) ?? emptyStream(stream)
  const after = change(before)
  const others = known.filter((one) => one.stream !== stream)
  const documents = [...others, ...(after.drops.length === 0 ? [] : [after])].toSorted((one, other) =>
    one.stream < other.stream ? -1 : 1,
  )
  await checkAgainstTree(documents, { root, changed: after, stored })
  const { files, links } = renderIndexes(documents, publicUrl)
  const fresh = after.drops.filter((drop) => !stored.has(drop))
  await replaceFiles([...fresh.map((drop) => dropDocument(stream, drop)), ...files], mirror, options)
  for (const drop of fresh) stored.add(drop)
  await remember(after, mirror)
  for (const link of links) await replaceLink(link, root)
  return after
}

/** So that the next change need not read what this one wrote, unless somebody else has written since. */
async function remember(document: StreamDocument, { root, memory }: Mirror): Promise<void> {
  const path = streamPathOf(document.stream)
  const text = await memory.read(join(root, path))
  if (text?.text === formatStreamIndex(document)) rememberedOf(memory).streams.set(path, { text, document })
}

function dropDocument(stream: string, drop: IndexedDrop): IndexFile {
  return { path: dropPathOf(stream, drop.drop), text: formatIndexedDrop(drop), signed: null }
}

async function replaceFiles(files: readonly IndexFile[], mirror: Mirror, options: ChangeOptions): Promise<void> {
  const { root, memory } = mirror
  const aside = join(root, stagingName, '.indexes')
  await rm(aside, { recursive: true, force: true })
  try {
    const paths = await prepare(files, aside, mirror, options)
    if (paths.length === 0) return
    await syncTree(aside)
    const folders = new Set(paths.map((path) => dirname(join(root, path))))
    for (const folder of folders) await makeFolderDurably(folder)
    for (const path of paths) await rename(join(aside, path), join(root, path))
    await Promise.all([...folders].map(syncPath))
    for (const { path, text } of files) if (paths.includes(path)) await memory.keep(join(root, path), text)
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}

/** Writes aside what differs from what is in place; resolves with its paths, in order. */
async function prepare(
  files: readonly IndexFile[],
  aside: string,
  { root, signer, memory }: Mirror,
  options: ChangeOptions,
): Promise<string[]> {
  const paths: string[] = []
  async function write(path: string, content: string | Uint8Array): Promise<void> {
    const at = join(aside, path)
    await makeFolder(dirname(at))
    await writePublicFile(at, content)
    paths.push(path)
  }
  for (const { path, text, signed } of files) {
    options.signal.throwIfAborted()
    const isSame = (await memory.read(join(root, path)))?.text === text
    if (signed) {
      const isThere = existsSync(join(root, signed.path))
      if (!signer && isThere) await rm(join(root, signed.path))
      // Before the other: one that was not put in place is found out by the other, which is old then, too.
      if (signer && !(isSame && isThere))
        await write(signed.path, await signAndVerify(signer, signed.text, 'clear', options))
    }
    if (!isSame) await write(path, text)
  }
  return paths
}

async function replaceLink({ path, target }: LatestLink, root: string): Promise<void> {
  const at = join(root, path)
  if ((await targetOf(at)) === target) return
  if (target === null) {
    await rm(at)
  } else {
    const fresh = join(root, stagingName, '.latest')
    await rm(fresh, { force: true })
    await symlink(target, fresh)
    await rename(fresh, at)
  }
  await syncPath(dirname(at))
}

/** Where a link leads; null when there is none. Others' files are never replaced. */
async function targetOf(path: string): Promise<string | null> {
  try {
    if ((await lstat(path)).isSymbolicLink()) return await readlink(path)
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
  throw new PermanentError('refused', `${path} is no link, so imagedrop did not put it there: move it away first`)
}
