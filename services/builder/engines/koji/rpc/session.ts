import type { Logger } from 'pino'
import { setTimeout as sleep } from 'node:timers/promises'
import { callOnce, type Call } from './call.ts'
import type { Credentials } from './credentials.ts'
import { ConnectionLost, exchange, type HubAddress } from './exchange.ts'
import { faultCode, KojiFault } from './faults.ts'
import { logIn, type Ticket } from './login.ts'
import { readReply } from './call.ts'
import type { Value } from './value.ts'

/**
 * What came of a change whose reply was lost, looked up at the hub; null: it is not to be seen. Asked before the change
 * is sent once more under its own number, which the hub refuses if the first did arrive.
 */
export type LookUp = () => Promise<Value | null>

/** A session at a hub: one call at a time, each with a number. Made at the first call, renewed when it expires. */
export interface Session extends AsyncDisposable {
  /** Makes a call that changes something, once, whatever becomes of its reply. */
  change(call: Call, lookUp: LookUp, signal?: AbortSignal): Promise<Value>
  /** Asks something that has to do with who we are. */
  ask(call: Call, signal?: AbortSignal): Promise<Value>
  /** Sends bytes to `query` below the hub's address. Such a call may be repeated as often as need be. */
  send(query: string, bytes: Uint8Array, signal?: AbortSignal): Promise<Value>
}

export interface SessionOptions {
  readonly hub: HubAddress
  readonly credentials: Credentials
  readonly log: Logger
  /** Pauses between tries, in milliseconds; there is one try more than pauses. */
  readonly pauses?: readonly number[]
}

/** One session, for all that a process asks of a hub. */
export function createSession({ hub, credentials, log, pauses = [500, 2_000, 8_000] }: SessionOptions): Session {
  let ticket: Ticket | null = null
  /** Of the last call. It only goes up, over renewals too: the hub keeps the number of the last change beside the session. */
  let number = 0
  let queue: Promise<unknown> = Promise.resolve()

  /** The hub answers one call of a session after the other, so a slow one would stall what is sent beside it. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = queue.then(work)
    queue = mine.catch(() => {})
    return mine
  }

  function headersOf({ id, key, byHeaders }: Ticket): Record<string, string> {
    if (!byHeaders) return {}
    return { 'Koji-Session-Id': String(id), 'Koji-Session-Key': key, 'Koji-Session-Callnum': String(number) }
  }

  function queryOf({ id, key, byHeaders }: Ticket): Record<string, string> {
    return byHeaders ? {} : { 'session-id': String(id), 'session-key': key, callnum: String(number) }
  }

  async function enter(signal?: AbortSignal): Promise<Ticket> {
    if (ticket !== null) return ticket
    number = 0
    ticket = await logIn(hub, credentials, signal ? { signal } : {})
    log.info({ session: ticket.id }, 'logged in to Koji')
    return ticket
  }

  async function renew(expired: Ticket, signal?: AbortSignal): Promise<void> {
    ticket = null
    const renewed = await logIn(hub, credentials, {
      ...(credentials.kind === 'gssapi' || !expired.byHeaders ? {} : { renew: headersOf(expired) }),
      ...(signal ? { signal } : {}),
    })
    // A login that did not renew is a new session, and its numbers begin anew; that they go on is as good.
    ticket = renewed
    log.info({ session: renewed.id, renewed: renewed.id === expired.id }, 'renewed the session at Koji')
  }

  /** Tries until it is settled: what the hub says of the session itself is no answer to the call. */
  async function settle(
    attempt: (given: Ticket) => Promise<Value>,
    lookUp: LookUp | null,
    signal?: AbortSignal,
  ): Promise<Value> {
    let entered = 0
    let outrun = 0
    let given = await enter(signal)
    number++
    for (let lost = 0; ;) {
      try {
        return await attempt(given)
      } catch (error) {
        signal?.throwIfAborted()
        if (error instanceof ConnectionLost) {
          const found = error.mayHaveArrived && lookUp ? await lookUp() : null
          if (found !== null) return found
          const pause = pauses[lost++]
          if (pause === undefined) throw error
          await sleep(pause, undefined, signal ? { signal } : {})
          continue
        }
        if (!(error instanceof KojiFault)) throw error
        if (error.faultCode === faultCode.committed) {
          const found = lookUp ? await lookUp() : null
          if (found !== null) return found
          // Reads have no effect that could be made twice.
          if (lookUp !== null || outrun++ > 2) throw error
          number++
        } else if (error.faultCode === faultCode.sequence && outrun++ < 3) {
          // It was not carried out. Something else has used this session; its number is in the fault.
          number = Math.max(number, Number(/(\d+) >/.exec(error.message)?.[1] ?? 0)) + 1
        } else if (error.faultCode === faultCode.expired && entered++ < 2) {
          await renew(given, signal)
          given = await enter(signal)
          number++
        } else if (isStranger(error) && entered++ < 2) {
          ticket = null
          given = await enter(signal)
          number++
        } else {
          throw error
        }
      }
    }
  }

  const post = (call: Call, signal?: AbortSignal) => (given: Ticket) => {
    const query = new URLSearchParams(queryOf(given)).toString()
    return callOnce(hub, call, {
      headers: headersOf(given),
      path: query === '' ? '' : `?${query}`,
      ...(signal ? { signal } : {}),
    })
  }

  return {
    change: (call, lookUp, signal) => inTurn(() => settle(post(call, signal), lookUp, signal)),
    ask: (call, signal) => inTurn(() => settle(post(call, signal), null, signal)),
    send: (query, bytes, signal) =>
      inTurn(() =>
        settle(
          async (given) => {
            const session = new URLSearchParams(queryOf(given)).toString()
            const text = await exchange(hub, `?${query}${session === '' ? '' : `&${session}`}`, {
              headers: { ...headersOf(given), 'Content-Type': 'application/octet-stream' },
              body: bytes,
              timeout: 10 * 60_000,
              ...(signal ? { signal } : {}),
            })
            return readReply(text)
          },
          null,
          signal,
        ),
      ),
    async [Symbol.asyncDispose]() {
      await inTurn(async () => {
        if (ticket === null) return
        number++
        // A session that is not logged out ends by itself after a day.
        await post({ method: 'logout', args: [] })(ticket).catch(() => {})
        ticket = null
      })
    },
  }
}

/** The hub does not know our session any more, or has forgotten who it belongs to. */
function isStranger(error: KojiFault): boolean {
  if (error.faultCode === faultCode.notAllowed) return /user not logged in|not logged in/.test(error.message)
  return error.faultCode === faultCode.auth && /Invalid session|bad credentials/.test(error.message)
}
