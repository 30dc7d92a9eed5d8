import { statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { PermanentError } from '#service/errors.ts'
import { recordName } from '../tree/record.ts'
import type { IndexedDrop, StreamDocument } from './stream-document.ts'

/**
 * Throws PermanentError when an open drop names a file that is not there, or has another size: an index that is wrong
 * never takes the place of one that is right. Drops of other streams than the one that changes were looked at when theirs
 * did; of them, the file is looked at by which a folder is known as ours.
 */
export async function checkAgainstTree(
  documents: readonly StreamDocument[],
  changed: StreamDocument,
  root: string,
): Promise<void> {
  for (const document of documents) {
    for (const drop of document.drops.filter(({ state }) => state === 'blessed')) {
      const all = [...drop.files, ...drop.images.flatMap((image) => image.files)]
      checkFiles(drop, document === changed ? all : all.filter(({ path }) => basename(path) === recordName), root)
    }
    await setImmediate()
  }
}

/** A look takes microseconds; a promise for each would take ten times that. */
function checkFiles({ drop }: IndexedDrop, files: IndexedDrop['files'], root: string): void {
  for (const { path, size } of files) {
    const found = statSync(join(root, path), { throwIfNoEntry: false })
    if (found?.isFile() === true && found.size === size) continue
    const why = found ? `has ${String(found.size)} bytes instead of ${String(size)}` : 'is gone'
    const advice = `restore it, or \`imagedrop withdraw ${drop}\``
    throw new PermanentError('environment', `the indexes stay as they are, as ${path} ${why}: ${advice}`)
  }
}
