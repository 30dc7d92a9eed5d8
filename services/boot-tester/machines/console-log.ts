import { createWriteStream } from 'node:fs'
import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { callbackify } from 'node:util'

/** A guest gone mad must not fill the disk of its host. */
const longestLog = 16 * 1024 * 1024

/** Writes a guest's console to a file as it comes, and shows each piece to `onBytes`. */
export function consoleLog(path: string, onBytes: (bytes: Buffer) => void): Writable {
  const file = createWriteStream(path)
  let written = 0
  return new Writable({
    write(bytes: Buffer, _encoding, done) {
      onBytes(bytes)
      if (written >= longestLog) {
        done()
        return
      }
      written += bytes.length
      const end = written >= longestLog ? '\n[the guest goes on; this log does not]\n' : ''
      file.write(end === '' ? bytes : Buffer.concat([bytes, Buffer.from(end)]), done)
    },
    final: callbackify(async () => {
      file.end()
      await finished(file)
    }),
  })
}
