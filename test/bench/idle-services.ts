import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { house } from '#test/support/house.ts'
import { residentMegabytes } from '../processes/fleet.ts'
import { provideInfrastructure } from '../processes/infrastructure.ts'

const program = join(import.meta.dirname, '..', '..', 'cli', 'imagedrop.js')
const rounds = 3
/** By then what starting needed is given back. */
const settleTime = 3_000

export interface IdleService {
  readonly service: string
  /** From the start of the process until it answers, in milliseconds; the median of three. */
  readonly ready: number
  /** Resident memory when it has nothing to do, in MB. */
  readonly memory: number
}

/** Each service as `imagedrop serve` runs it, alone, on RabbitMQ and PostgreSQL. */
export async function measureIdleServices(): Promise<IdleService[]> {
  await using infrastructure = await provideInfrastructure({ wired: false })
  const envOf = (service: string) => ({
    ...process.env,
    ...infrastructure.envOf(service),
    IMAGEDROP_EC2_PUBLISHER_ENDPOINT: 'http://127.0.0.1:9',
  })
  const results: IdleService[] = []
  for (const service of house.names) {
    const times: number[] = []
    let memory = 0
    for (let round = 0; round < rounds; round += 1) {
      const began = performance.now()
      const child = spawn(program, ['serve', service, '--port', '0'], {
        env: envOf(service),
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const ended = once(child, 'exit')
      const ready = Promise.withResolvers<void>()
      createInterface(child.stdout).on('line', (line) => {
        if (line.includes('"listening"')) ready.resolve()
      })
      await Promise.race([ready.promise, ended])
      times.push(performance.now() - began)
      await sleep(settleTime)
      memory = await residentMegabytes(child.pid ?? 0)
      child.kill('SIGTERM')
      await ended
    }
    times.sort((one, other) => one - other)
    results.push({ service, ready: Math.round(times[1] ?? 0), memory })
  }
  return results
}
