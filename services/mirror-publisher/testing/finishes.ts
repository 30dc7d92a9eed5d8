import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Scene } from './scene.ts'
import type { Event } from './speak.ts'

/**
 * Handles the event in a process of its own that gets so many milliseconds from its first instruction on. False when it
 * was killed, or waits for a master.
 */
export async function finishes({ home, mirror }: Scene, event: Event, patience: number): Promise<boolean> {
  const file = join(home, 'event.json')
  await writeFile(file, JSON.stringify({ event, masters: mirror.masters, grace: mirror.grace }))
  const child = spawn(process.execPath, [join(import.meta.dirname, 'publish.ts'), home, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  await once(child.stdout, 'data')
  const kill = new AbortController()
  void delay(patience, undefined, { signal: kill.signal }).then(
    () => child.kill('SIGKILL'),
    () => false,
  )
  const [code] = (await closed) as [number | null]
  kill.abort()
  return code === 0
}
