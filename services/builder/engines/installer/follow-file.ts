import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { setInterval } from 'node:timers/promises'

const everyTwoSeconds = 2_000

/** Reads the lines that are added to a file, which need not be there yet, until it is let go of. */
export function followFile(path: string, onLine: (line: string) => void, lookEvery = everyTwoSeconds): AsyncDisposable {
  const stop = new AbortController()
  let position = 0
  let rest = ''
  const readOn = async () => {
    const size = await stat(path).then(
      (found) => found.size,
      () => 0,
    )
    if (size <= position) return
    for await (const chunk of createReadStream(path, { start: position, end: size - 1, encoding: 'utf8' })) {
      const lines = (rest + String(chunk)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) onLine(line)
    }
    position = size
  }
  const following = (async () => {
    try {
      for await (const _ of setInterval(lookEvery, undefined, { signal: stop.signal })) await readOn()
    } catch (error) {
      if (!stop.signal.aborted) throw error
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await following
    },
  }
}
