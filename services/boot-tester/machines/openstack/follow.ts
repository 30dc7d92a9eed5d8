import { appendFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { pollUntil, type Pace } from '#publishing/wait.ts'
import { PermanentError, TransientError } from '#service/errors.ts'
import { isTransient } from '#service/failure.ts'
import { consoleLog } from '../console-log.ts'
import type { MachineParts, RunningMachine } from '../machine.ts'
import { newOutput } from './console.ts'
import { findServer, readConsole, switchServer, type Nova, type Server } from './nova.ts'

/** What there is of a server while it runs. */
type Following = Omit<RunningMachine, 'accelerator' | 'diskBytes'>

/** A cloud that does not answer for so long, in milliseconds, has lost the machine. */
const silence = 120_000

/** Waits until a server runs, and shows its console from then on as it is read. */
export async function followServer(nova: Nova, id: string, parts: MachineParts, pace: Pace): Promise<Following> {
  const told = (line: string) => appendFile(parts.logs.machine, `${nova.place}: server ${id}: ${line}\n`)
  const isActive = async (signal: AbortSignal): Promise<Server> =>
    await pollUntil(
      `${nova.place}: the server ${id} active`,
      async () => activeOrNull(await findServer(nova, id, signal)),
      { ...pace, signal },
    )
  const server = await isActive(parts.signal)
  await told('active')

  const off = new AbortController()
  const signal = AbortSignal.any([parts.signal, off.signal])
  const log = consoleLog(parts.logs.console, { onBytes: parts.onConsole })
  const ended = Promise.withResolvers<string>()
  ended.promise.catch(() => {})
  // Not the guest's own end.
  let isSwitching = false

  let seen = ''
  let hearing = Promise.resolve()
  async function hear(): Promise<void> {
    const output = await readConsole(nova, id, signal)
    if (output === null) return
    const news = newOutput(seen, output)
    seen = output
    if (news !== '') await write(log, news)
  }
  /** One after the other, as each tells what the one before has not. */
  const hearNext = () => (hearing = hearing.catch(() => {}).then(hear))

  async function look(): Promise<void> {
    if (!isSwitching) await hearNext()
    const now = await findServer(nova, id, signal)
    if (now === null) throw new TransientError(`${nova.place}: somebody has deleted the server ${id}`)
    if (now.status === 'ERROR') throw new TransientError(`${nova.place}: the server ${id} was lost: ${faultOf(now)}`)
    if (now.status === 'SHUTOFF' && !isSwitching) ended.resolve('the guest powered itself off')
  }

  async function follow(): Promise<void> {
    let heardAt = performance.now()
    while (!signal.aborted) {
      try {
        await look()
        heardAt = performance.now()
      } catch (error) {
        if (!isTransient(error) || performance.now() - heardAt > silence) throw error
      }
      await sleep(pace.every, undefined, { signal })
    }
  }
  const following = follow().catch(ended.reject)

  async function switchOff(within: AbortSignal): Promise<void> {
    isSwitching = true
    await switchServer(nova, id, 'off', within)
  }
  const isOff = async (within: AbortSignal) =>
    await pollUntil(
      `${nova.place}: the server ${id} off`,
      async () => ((await findServer(nova, id, within))?.status === 'SHUTOFF' ? true : null),
      { ...pace, signal: within },
    )

  return {
    instanceId: id,
    ssh: addressOf(server),
    ended: ended.promise,
    powerDown: async () => {
      await switchServer(nova, id, 'off', signal)
      await told('told to power down')
    },
    async reboot(within) {
      const both = AbortSignal.any([signal, within])
      await switchOff(both)
      await isOff(both)
      await hearNext()
      await switchServer(nova, id, 'on', both)
      await isActive(both)
      // The console of a server that is started begins anew.
      seen = ''
      isSwitching = false
      await told('active again')
    },
    // What its cloud runs it by, it keeps to itself.
    reachedUserspace: () => Promise.resolve(),
    screenshot: () => Promise.resolve(false),
    async [Symbol.asyncDispose]() {
      off.abort(new Error('no longer needed'))
      await following
      await new Promise<void>((resolve) => log.end(resolve))
    },
  }
}

function activeOrNull(server: Server | null): Server | null {
  if (server === null) throw new TransientError('the server that was made is gone')
  if (server.status === 'ACTIVE') return server
  if (server.status === 'ERROR')
    throw new PermanentError('environment', `the cloud makes no such server: ${faultOf(server)}`)
  return null
}

function faultOf({ fault }: Server): string {
  return fault?.message ?? 'it does not say why'
}

/** The first address of IPv4, at which whoever is in the guest's network reaches it. */
function addressOf({ addresses }: Server): RunningMachine['ssh'] {
  const found = Object.values(addresses)
    .flat()
    .find(({ version }) => version === 4)
  return found ? { host: found.addr, port: 22 } : null
}

async function write(log: ReturnType<typeof consoleLog>, text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    log.write(Buffer.from(text), (error) => {
      if (error) reject(error)
      else resolve()
    })
  })
}
