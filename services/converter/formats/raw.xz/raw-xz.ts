import type { FormatPlan } from '#events/vocabulary.ts'
import { createHashedFile } from '../../hashed-file.ts'
import { settingsOf } from '../../xz/levels.ts'
import type { Format } from '../format.ts'

/** The disk as one xz stream. */
export function createRawXz({ level }: Extract<FormatPlan, { format: 'raw.xz' }>): Format {
  return {
    pieceSize: settingsOf(level).blockSize,
    async begin(conversion) {
      const draft = await conversion.draft('disk.raw.xz')
      const file = await createHashedFile(draft.path, conversion)
      const stream = conversion.xzStream(level)
      stream.writeInto(file)
      return {
        async finish() {
          const part = await stream.done()
          const { sha256 } = await file.close()
          const made = { format: 'raw.xz', path: draft.path, sha256, streams: [part] }
          stream.proof.add(made)
          return { draft, sha256, verify: () => stream.proof.prove(made) }
        },
      }
    },
  }
}
