import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A shell that stays, with what one block of commands leaves for the next. */
export interface Shell extends AsyncDisposable {
  /** Runs commands to their end, and gives what they wrote; fails when one of them does, or takes too long. */
  run(commands: string): Promise<string>
}

interface Options {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Milliseconds for one block. */
  readonly patience: number
}

const done = '--- the block has ended ---'

/** Opens a shell that ends at the first command that fails. */
export function openShell({ cwd, env, patience }: Options): Shell {
  // A process group of its own, so that what it waits for ends with it.
  const child = spawn('bash', ['-euo', 'pipefail'], { cwd, env: { ...env }, stdio: 'pipe', detached: true })
  const end = () => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }
  child.stdin.on('error', () => null)
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()

  async function readBlock(): Promise<string> {
    let said = ''
    for (;;) {
      const { value, done: isOver } = await lines.next()
      if (isOver) throw new Error(`the shell ended after ${said}${errors}`)
      if (value === done) return said
      said += `${value}\n`
    }
  }

  return {
    async run(commands) {
      errors = ''
      const clock = setTimeout(end, patience)
      child.stdin.write(`${commands}\nprintf '\\n%s\\n' '${done}'\n`)
      try {
        return await readBlock()
      } catch (error) {
        throw new Error(`these commands failed:\n${commands}\n${String(error)}`, { cause: error })
      } finally {
        clearTimeout(clock)
      }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      end()
      await ended
    },
  }
}
