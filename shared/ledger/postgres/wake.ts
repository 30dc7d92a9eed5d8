import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Wake, WakeScope } from '../wake.ts'
import type { PostgresAddress } from './connection.ts'
import { becomeBusy, becomeFree, callOneFree, firstOfFree } from './free-processes.ts'
import { openNotifications, tellEveryone, type Notifications } from './notifications.ts'

/** One notification in so many milliseconds tells of all that was rung at a place in between. */
const notifyEvery = 20
/** When nobody was free to be called: who becomes so looks by itself. */
const notifyWhenAllAreBusy = 100
/** A follower is heard by all for so long, and says at each of its looks that it still follows. */
const followTime = 30_000
/** How long the last notification may take when we close. */
const closeTime = 2_000

interface WakeOptions {
  readonly log: Logger
  /** A notification that was lost costs this many milliseconds, give or take a quarter. */
  readonly pollEvery: number
}

/**
 * Rings within the process at once, and every few seconds whatever happens. Others hear through NOTIFY: a service's
 * work is told to one process that is free, so that the many that are there do not all look for one job.
 */
export function createPostgresWake(address: PostgresAddress, { log, pollEvery }: WakeOptions): Wake {
  const listeners = new Map<(where: WakeScope) => void, { readonly follows?: boolean }>()
  /** What this process has said of itself, by service. */
  const offers = new Map<string, boolean>()
  /** For which services the server has us among the free, over the connection that there is. */
  let listed = new Set<string>()
  let notifications: Notifications | null = null
  let untold = new Set<string>()
  /** Services with work for which one more process is to be called. */
  let uncalled = new Set<string>()
  let followedUntil = 0
  let telling: Promise<void> | null = null
  let poll: NodeJS.Timeout | null = null

  function tellAll(where: WakeScope): void {
    for (const listener of listeners.keys()) listener(where)
  }

  /** Made when it is first needed: who only looks needs no such connection. */
  function connect(): Notifications {
    notifications ??= openNotifications({
      address,
      log,
      onPayload: (payload) => {
        if (payload === 'follow') followedUntil = performance.now() + followTime
        else tellAll(placeOf(payload))
      },
      onConnected: () => {
        listed = new Set()
        follow()
        // Whatever was rung while nobody could hear it.
        tellAll('anywhere')
        tellOthers()
      },
    })
    return notifications
  }

  function follow(): void {
    if (listeners.values().some(({ follows }) => follows)) untold.add('follow')
  }

  function newlyFree(): string[] {
    return [...offers].filter(([service, isFree]) => isFree && !listed.has(service)).map(([service]) => service)
  }

  function newlyBusy(): string[] {
    return [...listed].filter((service) => offers.get(service) !== true)
  }

  function tellOthers(): void {
    const isNothing = untold.size + uncalled.size + newlyFree().length + newlyBusy().length === 0
    // Once it is connected we are called again.
    if (telling !== null || isNothing || !connect().isConnected) return
    telling = tell().finally(() => {
      telling = null
      tellOthers()
    })
  }

  async function tell(): Promise<void> {
    const told = untold
    untold = new Set()
    if (told.size > 0 && (await connect().ask(tellEveryone, [...told])) === null) untold = untold.union(told)
    await relist(newlyBusy(), becomeBusy)
    const free = newlyFree()
    await relist(free, becomeFree)
    // Whatever came before we could be called for it.
    for (const service of free) tellAll({ service })
    const called = uncalled
    uncalled = new Set()
    const found = called.size === 0 ? 0 : await connect().ask(callOneFree, [...called])
    if (found === null) uncalled = uncalled.union(called)
    await sleep(found !== null && found < called.size ? notifyWhenAllAreBusy : notifyEvery)
  }

  /** Moves us onto or off the server's list. A connection that ends takes us off all of it. */
  async function relist(services: readonly string[], statement: string): Promise<void> {
    if (services.length === 0) return
    const before = listed
    if ((await connect().ask(statement, services)) === null) return
    if (listed !== before) {
      // A new connection has begun a new list, and may have been the one that was asked.
      if (statement === becomeFree) await connect().ask(becomeBusy, services)
      return
    }
    for (const service of services) {
      if (statement === becomeFree) listed.add(service)
      else listed.delete(service)
    }
  }

  function pollLater(): void {
    const wait = pollEvery * (0.75 + Math.random() / 2)
    poll = setTimeout(() => {
      tellAll('anywhere')
      connect().check()
      follow()
      tellOthers()
      pollLater()
    }, wait).unref()
  }

  return {
    ring(where) {
      tellAll(where)
      if (typeof where === 'object') {
        // Who does such work itself takes it, or says that it is busy.
        if (!offers.has(where.service)) uncalled.add(where.service)
      } else if (where !== 'said' || performance.now() < followedUntil) untold.add(where)
      tellOthers()
    },
    listen(listener, options = {}) {
      listeners.set(listener, options)
      connect()
      if (options.follows === true) {
        follow()
        tellOthers()
      }
      if (poll === null) pollLater()
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
    offer(service, isFree) {
      offers.set(service, isFree)
      if (!isFree) uncalled.add(service)
      tellOthers()
    },
    // Where nobody can be called, everybody looks.
    keepsTime: async (service) => (await connect().ask(firstOfFree, [service])) !== 0,
    async close() {
      listeners.clear()
      if (poll) clearTimeout(poll)
      if (notifications === null) return
      await Promise.race([tellLast(notifications), sleep(closeTime, undefined, { ref: false })])
      await notifications.close()
    },
  }

  async function tellLast(at: Notifications): Promise<void> {
    await at.connected
    const told = telling
    if (told === null) return
    await told
    await tellLast(at)
  }
}

function placeOf(payload: string): WakeScope {
  if (payload.startsWith('service ')) return { service: payload.slice('service '.length) }
  return payload === 'outbox' || payload === 'said' ? payload : 'anywhere'
}
