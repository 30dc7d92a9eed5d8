import { whyNobody, type Capacity } from '#ledger/needs.ts'
import type { BoundService } from './define.ts'
import type { Runtime } from './runtime.ts'

/** How often a process says that it is there, in milliseconds: it may fail to twice before it is taken for gone. */
const sayEvery = 30_000

/**
 * Says in the ledger that this process takes jobs of these services, and what its host has, until it is disposed of; and tells
 * of jobs that nobody who is there can run. Resolves when it was said for the first time, or the ledger did not take it.
 */
export async function keepPresence(
  runtime: Runtime,
  services: readonly BoundService[],
  onError: (error: unknown) => void,
): Promise<AsyncDisposable> {
  const { ledger, owner, now, capacity, log, bus, onRoom } = runtime
  if (capacity === undefined || services.length === 0) return { [Symbol.asyncDispose]: () => Promise.resolve() }
  const names = services.map(({ name }) => name)
  const taken = services.map(({ name, concurrency }) => ({ service: name, slots: concurrency }))
  let told = new Set<string>()
  let saying = Promise.resolve()

  async function say(has: () => Promise<Capacity>): Promise<void> {
    await ledger.present(taken, owner, await has(), now())
    const unfit = (await ledger.unfit(now())).filter(({ service }) => names.includes(service))
    const before = told
    told = new Set(unfit.map(({ service, reason }) => `${service}: ${reason}`))
    for (const { service, reason, count } of unfit) {
      if (!before.has(`${service}: ${reason}`)) log.warn({ service, reason, jobs: count }, 'waiting')
    }
    if (unfit.length > 0) await show(now())
    // A disk that somebody has cleared tells nobody.
    onRoom?.()
  }

  /** To those who follow a drop, at each of its jobs. */
  async function show(time: Date): Promise<void> {
    const workers = await ledger.workers(time)
    for (const name of names) {
      const those = workers.filter(({ service }) => service === name)
      for (const { drop, image, needs } of await ledger.jobs({ service: name, states: ['queued'] })) {
        const phase = whyNobody(needs, those)
        if (phase !== null) bus.signal({ service: name, drop, image, state: 'waiting', phase })
      }
    }
  }

  await say(capacity).catch(onError)
  const timer = setInterval(() => {
    saying = say(capacity).catch(onError)
  }, sayEvery)
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await saying
      await ledger.leave(owner).catch(onError)
    },
  }
}
