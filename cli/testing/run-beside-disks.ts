import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect } from 'vitest'
import { program } from '#test/line/scene.ts'

/**
 * Runs the real command in a folder of disks, to its end. It has the folder `scratch` there to unpack into, which must be as
 * it was afterwards.
 */
export async function runBesideDisks(
  folder: string,
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
) {
  const scratch = join(folder, 'scratch')
  const env = { ...process.env, ...settings, TMPDIR: scratch }
  const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ])
  expect((await readdir(scratch)).filter((name) => name.startsWith('imagedrop'))).toEqual([])
  return { status, stdout, stderr }
}
