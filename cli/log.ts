import { fstatSync, openSync, write, writeSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pino, type DestinationStream, type Logger } from 'pino'

/** The log of the embedded default: `<state>/logs/imagedrop.log`, one JSON object per line. */
export async function openLog(stateFolder: string): Promise<Logger> {
  const folder = join(stateFolder, 'logs')
  await mkdir(folder, { recursive: true })
  return pino({ base: null }, createLogStream(openSync(join(folder, 'imagedrop.log'), 'a')))
}

/** The log of a service that runs for others: standard output. */
export function logToStandardOutput(): Logger {
  return pino({}, createLogStream(1))
}

/** What is kept of lines that a full disk does not take, in bytes. */
const keptAtMost = 8 * 1024 ** 2
const tryAgainAfter = 100

/**
 * Writes lines in their order: into a file at once, into a pipe without waiting for who reads. What cannot be written is
 * kept and tried again, up to a bound; how many lines were lost beyond it is then said. pino's own stream ends the process
 * on a full disk, and at its exit tries again until there is room, for ever.
 */
export function createLogStream(file: number, bound = keptAtMost): DestinationStream {
  const put = fstatSync(file).isFile() ? writeAtOnce : write
  let waiting: string[] = []
  let bytes = 0
  let lost = 0
  let isWriting = false
  let rest = Buffer.alloc(0)

  function pump(): void {
    if (isWriting) return
    if (rest.length === 0) rest = takeAll()
    if (rest.length === 0) return
    isWriting = true
    put(file, rest, (error, written) => {
      // Nobody reads any more, and nobody will.
      if (error?.code === 'EPIPE') return
      if (error) {
        setTimeout(again, tryAgainAfter).unref()
        return
      }
      rest = rest.subarray(written)
      again()
    })
  }
  function again(): void {
    isWriting = false
    pump()
  }
  function takeAll(): Buffer<ArrayBuffer> {
    if (lost > 0) waiting.push(`${JSON.stringify({ level: 50, time: Date.now(), lost, msg: 'log lines lost' })}\n`)
    const all = Buffer.from(waiting.join(''))
    waiting = []
    bytes = 0
    lost = 0
    return all
  }
  process.once('exit', () => {
    // What is on its way into a pipe may have arrived: it is not written twice.
    const last = isWriting && put === write ? takeAll() : Buffer.concat([rest, takeAll()])
    writeAtOnce(file, last, () => {})
  })
  return {
    write(line) {
      if (bytes + rest.length + line.length > bound) {
        lost += 1
        return
      }
      waiting.push(line)
      bytes += line.length
      pump()
    },
  }
}

function writeAtOnce(
  file: number,
  chunk: Buffer,
  done: (error: NodeJS.ErrnoException | null, written: number) => void,
): void {
  let written: number
  try {
    written = writeSync(file, chunk)
  } catch (error) {
    done(error as NodeJS.ErrnoException, 0)
    return
  }
  done(null, written)
}
