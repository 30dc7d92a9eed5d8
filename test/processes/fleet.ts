import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { house } from '#test/support/house.ts'

const program = join(import.meta.dirname, 'serve.ts')
/** As cli/imagedrop.js has them. */
const flags = ['--max-semi-space-size=1', '--v8-pool-size=2']

interface FleetOptions {
  /** How many processes of each service. */
  readonly each: number
  readonly kind: 'real' | 'waiting' | 'null'
  readonly envOf: (service: string) => Record<string, string>
  /** Takes what the processes say on both streams. */
  readonly log: string
}

interface Member {
  readonly service: string
  child: ChildProcess
}

/** Processes of all services. */
export interface Fleet extends AsyncDisposable {
  readonly size: number
  /** Kills one process with SIGKILL and starts another in its place; resolves when that works. */
  replace(index: number): Promise<string>
  /** Seconds of processor time that the processes have used, by service, those that were killed not counted. */
  cpuSeconds(): Promise<Map<string, number>>
  /** Resident memory of one process of each service, in MB. */
  memory(): Promise<Map<string, number>>
}

/** Starts the processes, two at a time, and resolves when all work. */
export async function startFleet({ each, kind, envOf, log }: FleetOptions): Promise<Fleet> {
  const output = createWriteStream(log, { flags: 'a' })
  const start = async (service: string) => await startProcess([service, kind], envOf(service), output)
  const members: Member[] = []
  const { names } = house
  const wanted = Array.from({ length: each }, () => names).flat()
  for (let index = 0; index < wanted.length; index += 2) {
    const pair = wanted.slice(index, index + 2)
    members.push(...(await Promise.all(pair.map(async (service) => ({ service, child: await start(service) })))))
  }
  const first = <Value>(read: (pid: number) => Promise<Value>) =>
    Promise.all(names.map(async (service) => [service, await read(pidOf(service))] as const))
  const pidOf = (service: string) => members.find((one) => one.service === service)?.child.pid ?? 0
  return {
    size: members.length,
    async replace(index) {
      const member = members[index]
      if (!member) throw new RangeError(`there is no process ${String(index)}`)
      await kill(member.child, 'SIGKILL')
      member.child = await start(member.service)
      return member.service
    },
    async cpuSeconds() {
      const used = new Map<string, number>()
      for (const { service, child } of members) {
        used.set(service, (used.get(service) ?? 0) + (await cpuSecondsOf(child.pid ?? 0)))
      }
      return used
    },
    memory: async () => new Map(await first(residentMegabytes)),
    async [Symbol.asyncDispose]() {
      await Promise.all(members.map(({ child }) => kill(child, 'SIGTERM')))
      output.end()
    },
  }
}

async function startProcess(
  args: readonly string[],
  env: Record<string, string>,
  log: WriteStream,
): Promise<ChildProcess> {
  const child = spawn(process.execPath, [...flags, program, ...args], {
    env: { ...process.env, ...env, NODE_COMPILE_CACHE: join(tmpdir(), 'imagedrop-compile-cache') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  const note = (text: string) => {
    said = (said + text).slice(-4_000)
    log.write(text)
  }
  child.stderr.on('data', (chunk: Buffer) => {
    note(chunk.toString())
  })
  const ready = Promise.withResolvers<void>()
  createInterface(child.stdout).on('line', (line) => {
    if (line.includes('"listening"')) ready.resolve()
    else note(`${line}\n`)
  })
  child.once('exit', (code) => {
    ready.reject(new Error(`${args.join(' ')} ended with ${String(code)} before it was ready: ${said}`))
  })
  await ready.promise
  return child
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
}

/** User and system time of a process from /proc, in seconds: fields 14 and 15 in ticks of 10 ms. */
export async function cpuSecondsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Resident memory of a process from /proc, in MB of a million bytes. */
export async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8')
  return Math.round((Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024) / 1e6)
}
