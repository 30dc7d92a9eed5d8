import { setTimeout as sleep } from 'node:timers/promises'
import { callOnce, readReply, type Call } from './call.ts'
import type { Credentials } from './credentials.ts'
import { ConnectionLost, exchange, type HubAddress } from './exchange.ts'
import { faultCode, KojiFault } from './faults.ts'
import { logIn, type Ticket } from './login.ts'
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
  /** Uploads bytes to the place that `query` tells. Such a call may be repeated as often as need be. */
  upload(query: URLSearchParams, bytes: Uint8Array, signal?: AbortSignal): Promise<Value>
}

export interface SessionOptions {
  readonly hub: HubAddress
  readonly credentials: Credentials
  /** Pauses between tries, in milliseconds; there is one try more than pauses. */
  readonly pauses?: readonly number[]
}

/** One session, for all that a process asks of a hub. */
export function createSession(options: SessionOptions): Session {
  return new HubSession(options)
}

/** Sends a request once, with what marks it as one of the session. */
type Transmit = (headers: Readonly<Record<string, string>>, query: Readonly<Record<string, string>>) => Promise<Value>

class HubSession implements Session {
  readonly #options: SessionOptions
  readonly #pauses: readonly number[]
  #ticket: Ticket | null = null
  /** Of the last call. It only goes up, over renewals too: the hub keeps the number of the last change with the session. */
  #number = 0
  #queue: Promise<unknown> = Promise.resolve()

  constructor(options: SessionOptions) {
    this.#options = options
    this.#pauses = options.pauses ?? [500, 2_000, 8_000]
  }

  async change(call: Call, lookUp: LookUp, signal?: AbortSignal): Promise<Value> {
    return await this.#inTurn(() => this.#settle(this.#post(call, signal), lookUp, signal), signal)
  }

  async ask(call: Call, signal?: AbortSignal): Promise<Value> {
    return await this.#inTurn(() => this.#settle(this.#post(call, signal), null, signal), signal)
  }

  async upload(place: URLSearchParams, bytes: Uint8Array, signal?: AbortSignal): Promise<Value> {
    const transmit: Transmit = async (headers, query) => {
      const all = new URLSearchParams([...place, ...Object.entries(query)])
      const text = await exchange(this.#options.hub, `?${all.toString()}`, {
        headers: { ...headers, 'Content-Type': 'application/octet-stream' },
        body: bytes,
        timeout: 10 * 60_000,
        ...(signal ? { signal } : {}),
      })
      return readReply(text)
    }
    return await this.#inTurn(() => this.#settle(transmit, null, signal), signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#ticket === null) return
      this.#number++
      // A session that is not logged out ends by itself after a day. A call that was given up may still hold it.
      const signal = AbortSignal.timeout(5_000)
      await this.#send(this.#ticket, this.#post({ method: 'logout', args: [] }, signal)).catch(() => {})
      this.#ticket = null
    })
  }

  /** The hub answers one call of a session after the other, and those that overtake each other it refuses. */
  async #inTurn<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const mine = this.#queue.then(() => {
      signal?.throwIfAborted()
      return work()
    })
    this.#queue = mine.catch(() => {})
    return await mine
  }

  #post(call: Call, signal?: AbortSignal): Transmit {
    return async (headers, query) => {
      const path = Object.keys(query).length === 0 ? '' : `?${new URLSearchParams(query).toString()}`
      return await callOnce(this.#options.hub, call, { headers, path, ...(signal ? { signal } : {}) })
    }
  }

  async #send({ id, key, byHeaders }: Ticket, transmit: Transmit): Promise<Value> {
    const number = String(this.#number)
    if (!byHeaders) return await transmit({}, { 'session-id': String(id), 'session-key': key, callnum: number })
    return await transmit(this.#headers({ id, key, byHeaders }), {})
  }

  #headers({ id, key }: Ticket): Record<string, string> {
    return { 'Koji-Session-Id': String(id), 'Koji-Session-Key': key, 'Koji-Session-Callnum': String(this.#number) }
  }

  /** Tries until it is settled: what the hub says of the session itself is no answer to the call. */
  async #settle(transmit: Transmit, lookUp: LookUp | null, signal?: AbortSignal): Promise<Value> {
    const tries = { lost: 0, outrun: 0, entered: 0 }
    let ticket = await this.#enter(signal)
    this.#number++
    for (;;) {
      try {
        return await this.#send(ticket, transmit)
      } catch (error) {
        signal?.throwIfAborted()
        if (error instanceof ConnectionLost) {
          const found = error.mayHaveArrived ? ((await lookUp?.()) ?? null) : null
          if (found !== null) return found
          const pause = this.#pauses[tries.lost++]
          if (pause === undefined) throw error
          // The same number again: if the first has arrived, the hub refuses this one.
          await sleep(pause, undefined, signal ? { signal } : {})
        } else if (isFault(error, faultCode.committed)) {
          const found = (await lookUp?.()) ?? null
          if (found !== null) return found
          // Asking has no effect that could come about twice.
          if (lookUp !== null || tries.outrun++ > 2) throw error
          this.#number++
        } else if (isFault(error, faultCode.sequence) && tries.outrun++ < 3) {
          // It was not carried out: something that we do not know of has used a higher number, which the fault names.
          this.#number = Math.max(this.#number, Number(/(\d+) >/.exec(error.message)?.[1] ?? 0)) + 1
        } else if (isFault(error, faultCode.expired) && tries.entered++ < 2) {
          ticket = await this.#renew(ticket, signal)
          this.#number++
        } else if (isStranger(error) && tries.entered++ < 2) {
          this.#ticket = null
          ticket = await this.#enter(signal)
          this.#number++
        } else {
          throw error
        }
      }
    }
  }

  async #enter(signal?: AbortSignal): Promise<Ticket> {
    if (this.#ticket !== null) return this.#ticket
    const { hub, credentials } = this.#options
    const ticket = await logIn(hub, credentials, signal ? { signal } : {})
    this.#ticket = ticket
    return ticket
  }

  /** The session keeps its id and, at the hub, the number of its last change; ours therefore goes on. */
  async #renew(expired: Ticket, signal?: AbortSignal): Promise<Ticket> {
    const { hub, credentials } = this.#options
    this.#ticket = null
    const ticket = await logIn(hub, credentials, {
      ...(expired.byHeaders ? { renew: this.#headers(expired) } : {}),
      ...(signal ? { signal } : {}),
    })
    this.#ticket = ticket
    return ticket
  }
}

function isFault(error: unknown, code: number): error is KojiFault {
  return error instanceof KojiFault && error.faultCode === code
}

/** The hub does not know our session any more, or has forgotten whose it is. */
function isStranger(error: unknown): boolean {
  if (isFault(error, faultCode.notAllowed)) return /not logged in/.test(error.message)
  return isFault(error, faultCode.auth) && /Invalid session|bad credentials/.test(error.message)
}
