import { createReadStream } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { isMissing } from '../durable.ts'
import { Unreadable, type Source } from './source.ts'
import { measureBytes, takeBytes } from './take-bytes.ts'

/** A drop in a folder. Links that lead out of it are not followed. */
export function openFolder(folder: string): Source {
  async function find(path: string): Promise<string | null> {
    try {
      const root = await realpath(folder)
      const real = await realpath(join(root, path))
      if (!real.startsWith(root + sep)) throw new Unreadable(`${path} is a link that leads elsewhere: ${real}`)
      if (!(await stat(real)).isFile()) return null
      return real
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }
  return {
    where: folder,
    async read(path, limit) {
      const file = await find(path)
      return file === null ? null : await takeBytes(createReadStream(file), limit, path)
    },
    async measure(path, limit) {
      const file = await find(path)
      return file === null ? null : await measureBytes(createReadStream(file, { highWaterMark: 1024 * 1024 }), limit)
    },
    parent: () => (dirname(folder) === folder ? null : openFolder(dirname(folder))),
    async list() {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true })
      const files = entries.filter((entry) => !entry.isDirectory())
      return files.map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    },
  }
}
