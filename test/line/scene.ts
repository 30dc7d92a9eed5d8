import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Envelope } from '#events/envelope.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { run } from '#subprocess/run.ts'

/** The command, as it is installed. */
export const program = join(import.meta.dirname, '..', '..', 'cli', 'imagedrop.js')

/** A fresh state folder, compose trees beside it, and the real command to work on them. */
export async function createScene() {
  const root = await mkdtemp(join(tmpdir(), 'imagedrop-line-'))
  const state = join(root, 'state')
  const started: ChildProcessByStdio<null, Readable, Readable>[] = []
  const env = {
    ...process.env,
    IMAGEDROP_SCHEDULER_ALLOWED_LOCATIONS: root,
    AWS_ACCESS_KEY_ID: '',
    HOME: root,
    NO_COLOR: '1',
  }

  function start(
    args: readonly string[],
    more: Record<string, string> = {},
  ): ChildProcessByStdio<null, Readable, Readable> {
    const child = spawn(process.execPath, [program, ...args], {
      env: { ...env, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    started.push(child)
    return child
  }

  return {
    root,
    state,
    start,
    /** Runs the command to its end. */
    async command(args: readonly string[], more: Record<string, string> = {}) {
      const child = start(args, more)
      const [stdout, stderr, [status]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'exit') as Promise<[number | null]>,
      ])
      return { status, stdout, stderr }
    },
    /** Writes a compose message and an empty tree for it; gives the path of the message. */
    async compose(composeId: string, more: Record<string, unknown> = {}): Promise<string> {
      const location = join(root, 'composes', composeId, 'compose')
      await mkdir(join(location, 'metadata'), { recursive: true })
      const message = { compose_id: composeId, location, status: 'FINISHED', ...more }
      const path = join(root, `${composeId}.json`)
      await writeFile(path, JSON.stringify(message))
      return path
    },
    /** Everything that was said in the state folder, in order. */
    async events(): Promise<Envelope[]> {
      await using ledger = await openSqliteLedger(join(state, 'ledger'))
      return (await ledger.events({ limit: 1_000_000 })).map((row) => row.envelope)
    },
    async [Symbol.asyncDispose]() {
      // A test that fails leaves its processes behind; those that have ended take no notice.
      for (const child of started) child.kill('SIGKILL')
      await rm(root, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

export type Scene = Awaited<ReturnType<typeof createScene>>

/** Settings with which every step is fast: tiny disks, no guest, short waits in the emulated cloud. */
export const fastEngines = {
  IMAGEDROP_BUILDER_ENGINE: 'null',
  IMAGEDROP_BOOT_TESTER_MACHINE: 'null',
  IMAGEDROP_EC2_PUBLISHER_POLL_SECONDS: '0.05',
}

/** Checks every CHECKSUM file of a mirror tree with the real tool; gives the number of files that it vouches for. */
export async function checkMirror(mirror: string): Promise<number> {
  const sums = globSync('**/*CHECKSUM', { cwd: mirror })
  let files = 0
  for (const sum of sums) {
    const path = join(mirror, sum)
    await run('sha256sum', ['--check', '--strict', '--quiet', path], { cwd: join(path, '..') })
    files += readFileSync(path, 'utf8').match(/^SHA256 /gm)?.length ?? 0
  }
  return files
}
