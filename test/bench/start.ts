import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const program = join(import.meta.dirname, '..', '..', 'cli', 'imagedrop.js')

/**
 * From the start of `imagedrop up`, all services in one process, until it answers; and the memory it then holds.
 * `prepare` puts something into its state before.
 */
export async function measureStart(prepare?: (state: string) => Promise<void>): Promise<Record<string, number>> {
  const times: number[] = []
  let memory = 0
  for (let round = 0; round < 5; round += 1) {
    const state = await mkdtemp(join(tmpdir(), 'imagedrop-bench-'))
    await prepare?.(state)
    const began = performance.now()
    const child = spawn(program, ['up', '--state', state, '--port', '0'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    for await (const line of createInterface(child.stdout)) if (line.includes('"listening"')) break
    times.push(performance.now() - began)
    memory = await residentMegabytes(child.pid ?? 0)
    child.stdout.resume()
    child.kill('SIGTERM')
    await once(child, 'exit')
    await rm(state, { recursive: true })
  }
  times.sort((one, other) => one - other)
  return { 'ready, median ms': Math.round(times[2] ?? 0), 'resident when idle, MB': memory }
}

/** Resident memory from /proc, in MB of a million bytes. */
export async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8')
  return Math.round((Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024) / 1e6)
}
