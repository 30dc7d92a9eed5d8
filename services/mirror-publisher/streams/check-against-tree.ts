import { statSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { PermanentError } from '#service/errors.ts'
import { recordName } from '../tree/record.ts'
import { recentDrops } from './recent-drops.ts'
import type { IndexedDrop, StreamDocument } from './stream-document.ts'

interface CheckOptions {
  readonly root: string
  /** The stream that changes. */
  readonly changed: StreamDocument
  /** Its drops that are in documents of their own as they are. */
  readonly stored: Pick<WeakSet<IndexedDrop>, 'has'>
}

/**
 * Throws PermanentError when an open drop names a file that is not there, or has another size: an index that is wrong
 * never takes the place of one that is right. Of what changes, all files are looked at; of what the indexes that are made anew
 * list, the files of images. Other drops were looked at when they changed; of them, the file is looked at by which a folder is
 * known as ours.
 */
export async function checkAgainstTree(
  documents: readonly StreamDocument[],
  { root, changed, stored }: CheckOptions,
): Promise<void> {
  const listed = new Set(recentDrops(changed))
  for (const document of documents) {
    for (const drop of document.drops) {
      if (drop.state !== 'blessed') continue
      const isFresh = document === changed && !stored.has(drop)
      const isListed = document === changed && listed.has(drop)
      if (isFresh || isListed) for (const image of drop.images) checkFiles(drop, image.files, root)
      checkFiles(drop, isFresh ? drop.files : recordIn(drop), root)
    }
    await setImmediate()
  }
}

/** It is among the last. */
function recordIn({ files }: IndexedDrop): IndexedDrop['files'] {
  const record = files.findLast(({ path }) => path.endsWith(`/${recordName}`))
  return record ? [record] : []
}

/** A look takes microseconds; a promise for each would take ten times that. */
function checkFiles({ drop }: IndexedDrop, files: IndexedDrop['files'], root: string): void {
  for (const { path, size } of files) {
    const found = statSync(`${root}/${path}`, { throwIfNoEntry: false })
    if (found?.isFile() === true && found.size === size) continue
    const why = found ? `has ${String(found.size)} bytes instead of ${String(size)}` : 'is gone'
    const advice = `restore it, or \`imagedrop withdraw ${drop}\``
    throw new PermanentError('environment', `the indexes stay as they are, as ${path} ${why}: ${advice}`)
  }
}
