import { setTimeout as sleep } from 'node:timers/promises'
import { callOnce, type Call } from './call.ts'
import { ConnectionLost, type HubAddress } from './exchange.ts'
import type { Value } from './value.ts'

/** Asks a hub what anybody may know: without a session, so that it neither waits for our changes nor holds them up. */
export type Read = (call: Call, signal?: AbortSignal) => Promise<Value>

export interface ReaderOptions {
  readonly hub: HubAddress
  /** Questions at the same time. */
  readonly concurrency?: number
  /** Pauses between tries, in milliseconds. */
  readonly pauses?: readonly number[]
}

/** Reads are repeated as often as need be. */
export function createReader({ hub, concurrency = 4, pauses = [500, 2_000, 8_000] }: ReaderOptions): Read {
  let free = concurrency
  const waiting: (() => void)[] = []

  async function tried(call: Call, signal?: AbortSignal): Promise<Value> {
    for (let lost = 0; ; lost++) {
      try {
        return await callOnce(hub, call, { timeout: 120_000, ...(signal ? { signal } : {}) })
      } catch (error) {
        const pause = error instanceof ConnectionLost ? pauses[lost] : undefined
        if (pause === undefined) throw error
        await sleep(pause, undefined, signal ? { signal } : {})
      }
    }
  }

  return async (call, signal) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      signal?.throwIfAborted()
      return await tried(call, signal)
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}
