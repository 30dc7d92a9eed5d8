import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { WakeScope } from '../ledger.ts'
import type { Wake } from '../wake.ts'
import type { PostgresAddress } from './connection.ts'
import { openNotifications, type Notifications } from './notifications.ts'

/** One notification in so many milliseconds tells of all that was rung at a place in between. */
const notifyEvery = 20
/** How long the last notification may take when we close. */
const closeTime = 2_000

interface WakeOptions {
  readonly log: Logger
  /** A notification that was lost costs this many milliseconds, give or take a quarter. */
  readonly pollEvery: number
}

/** Rings within the process at once, in others through NOTIFY, and every few seconds whatever happens. */
export function createPostgresWake(address: PostgresAddress, { log, pollEvery }: WakeOptions): Wake {
  const listeners = new Set<(where: WakeScope) => void>()
  let notifications: Notifications | null = null
  let untold = new Set<string>()
  let telling: Promise<void> | null = null
  let poll: NodeJS.Timeout | null = null

  function tellAll(where: WakeScope): void {
    for (const listener of listeners) listener(where)
  }

  /** Made when it is first needed: who only looks needs no such connection. */
  function connect(): Notifications {
    notifications ??= openNotifications({
      address,
      log,
      onPayload: (payload) => {
        tellAll(placeOf(payload))
      },
      onConnected: () => {
        // Whatever was rung while nobody could hear it.
        tellAll('anywhere')
        tellOthers()
      },
    })
    return notifications
  }

  function tellOthers(): void {
    // Once it is connected we are called again.
    if (telling !== null || untold.size === 0 || !connect().isConnected) return
    telling = tell().finally(() => {
      telling = null
      tellOthers()
    })
  }

  async function tell(): Promise<void> {
    const told = untold
    untold = new Set()
    if (!(await connect().send([...told]))) untold = untold.union(told)
    await sleep(notifyEvery)
  }

  function pollLater(): void {
    const wait = pollEvery * (0.75 + Math.random() / 2)
    poll = setTimeout(() => {
      tellAll('anywhere')
      connect().check()
      pollLater()
    }, wait).unref()
  }

  return {
    ring(where) {
      tellAll(where)
      untold.add(payloadOf(where))
      tellOthers()
    },
    listen(listener) {
      listeners.add(listener)
      connect()
      if (poll === null) pollLater()
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
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

function payloadOf(where: WakeScope): string {
  return typeof where === 'string' ? where : `service ${where.service}`
}

function placeOf(payload: string): WakeScope {
  if (payload.startsWith('service ')) return { service: payload.slice('service '.length) }
  return payload === 'outbox' || payload === 'said' ? payload : 'anywhere'
}
