import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { PermanentError } from '#service/errors.ts'
import type { StreamDocument } from './stream-document.ts'

/**
 * Throws PermanentError when an open drop names a file that is not there, or has another size: an index that is wrong
 * never takes the place of one that is right.
 */
export async function checkAgainstTree(documents: readonly StreamDocument[], root: string): Promise<void> {
  for (const { drop, state, images, files } of documents.flatMap(({ drops }) => drops)) {
    if (state !== 'blessed') continue
    // A look takes microseconds; a promise for each would take ten times that.
    for (const { path, size } of [...files, ...images.flatMap((image) => image.files)]) {
      const found = statSync(join(root, path), { throwIfNoEntry: false })
      if (found?.isFile() === true && found.size === size) continue
      const why = found ? `has ${String(found.size)} bytes instead of ${String(size)}` : 'is gone'
      const advice = `restore it, or \`imagedrop withdraw ${drop}\``
      throw new PermanentError('environment', `the indexes stay as they are, as ${path} ${why}: ${advice}`)
    }
    await setImmediate()
  }
}
