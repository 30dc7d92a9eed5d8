import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { join } from 'node:path'

interface Seen {
  readonly looks: number
  /** What was seen, one after the other, without repetitions: `nothing` or the id of a whole drop. */
  readonly transitions: readonly string[]
  /** Why a look saw only a part. */
  readonly parts: readonly string[]
}

interface Watch extends AsyncDisposable {
  readonly stop: () => Promise<Seen>
}

type Command = [command: string, args: string[]]

/** Lets another process read a public folder without pause; `stop` resolves with what it saw. */
export async function watchFolder(
  folder: string,
  within: (...command: Command) => Command = (...command) => command,
): Promise<Watch> {
  const reader = spawn(...within(process.execPath, [join(import.meta.dirname, 'reader.ts'), folder]), {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(reader, 'close')
  const lines = createInterface({ input: reader.stdout })
  let last = ''
  lines.on('line', (line) => {
    last = line
  })
  await once(lines, 'line')
  const end = async () => {
    reader.kill('SIGTERM')
    await closed
  }
  return {
    async stop() {
      await end()
      return JSON.parse(last) as Seen
    },
    [Symbol.asyncDispose]: end,
  }
}
