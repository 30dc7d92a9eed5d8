import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { Writable } from 'node:stream'
import { releaseChunk } from './release-chunk.ts'

/** Writes a file and hashes what is written, so that nothing has to be read again for its digest. Takes its chunks over. */
export interface HashedFile {
  readonly sink: Writable
  /** The digest and size of what was written; call it once, when the sink has finished. */
  digest(): { readonly sha256: string; readonly size: number }
  /** Why the file could not be written. A tool that writes into the sink only sees its pipe break. */
  failure(): Error | null
}

/** Opens a new file to be written through the sink. */
export function createHashedFile(path: string): HashedFile {
  const file = createWriteStream(path)
  const hash = createHash('sha256')
  let size = 0
  let failure: Error | null = null
  const note = (error: Error) => (failure ??= new Error(`cannot write ${path}: ${error.message}`, { cause: error }))
  const sink = new Writable({
    highWaterMark: 1024 * 1024,
    write(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      size += chunk.length
      file.write(chunk, (error) => {
        releaseChunk(chunk)
        done(error ? note(error) : null)
      })
    },
    final(done) {
      file.end(done)
    },
    destroy(error, done) {
      file.destroy()
      done(error)
    },
  })
  file.on('error', (error) => {
    sink.destroy(note(error))
  })
  return { sink, digest: () => ({ sha256: hash.digest('hex'), size }), failure: () => failure }
}
