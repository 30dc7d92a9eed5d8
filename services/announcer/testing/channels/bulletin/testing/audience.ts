import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kinds } from '../../../../story/news.ts'
import type { OpenAudience } from '../../../audience.ts'

/** Those who read the file. */
export const openAudience: OpenAudience = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bulletin-'))
  const path = join(folder, 'bulletin.txt')
  return {
    chose: kinds,
    env: { IMAGEDROP_ANNOUNCER_BULLETIN_FILE: path },
    async heard(drop) {
      const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')
      return lines
        .filter((line) => line.startsWith(`${drop}: `))
        .map((text) => ({ text, frame: [`${String(new Set(lines).size)} lines`] }))
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}
