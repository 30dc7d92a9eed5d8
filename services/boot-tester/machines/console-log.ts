import { createWriteStream } from 'node:fs'
import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { callbackify } from 'node:util'

/** A guest gone mad must not fill the disk of its host. */
const longestLog = 16 * 1024 * 1024

/** Who is told of what a guest says, and when. */
export interface ConsoleHearers {
  readonly onBytes: (bytes: Buffer) => void
  /** What comes within so many milliseconds is looked at and written together, as a serial port gives it byte by byte. Default: nothing waits. */
  readonly gatherTime?: number
  /** There is something; `onBytes` hears what when it is gathered. */
  readonly onSign?: () => void
}

/** Writes a guest's console to a file as it comes. */
export function consoleLog(path: string, { onBytes, gatherTime = 0, onSign }: ConsoleHearers): Writable {
  const file = createWriteStream(path)
  let gathered: Buffer[] = []
  let gathering: NodeJS.Timeout | undefined
  let written = 0

  function pass(): void {
    clearTimeout(gathering)
    gathering = undefined
    const bytes = Buffer.concat(gathered)
    gathered = []
    if (bytes.length > 0) onBytes(bytes)
    if (written >= longestLog) return
    written += bytes.length
    file.write(bytes)
    if (written >= longestLog) file.write('\n[the guest goes on; this log does not]\n')
  }

  const log = new Writable({
    write(bytes: Buffer, _encoding, done) {
      onSign?.()
      gathered.push(bytes)
      if (gatherTime === 0) pass()
      else gathering ??= setTimeout(pass, gatherTime)
      done()
    },
    final: callbackify(async () => {
      pass()
      file.end()
      await finished(file)
    }),
    destroy(error, done) {
      clearTimeout(gathering)
      file.destroy()
      done(error)
    },
  })
  // A full disk ends what is written to the log, not the process.
  file.on('error', (error) => log.destroy(error))
  return log
}
