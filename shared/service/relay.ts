import type { Bus } from '#bus/bus.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { backoff } from './backoff.ts'

const batch = 200
const retry = { firstDelay: 200, maxDelay: 30_000 }

/** Takes events from the outbox to the bus, in order, until they are confirmed. */
export interface Relay {
  /** There may be events. */
  wake(): void
  /** Sends what is there, once more if it can, and ends. */
  stop(): Promise<void>
}

/** Starts the relay. `onError` hears of each failed try; the events stay in the outbox and are tried again. */
export function createRelay(
  { bus, ledger, now }: { bus: Bus; ledger: Ledger; now: () => Date },
  onError: (error: unknown) => void,
): Relay {
  let pumping: Promise<void> | null = null
  let again = false
  let failures = 0
  let alarm: NodeJS.Timeout | null = null

  async function sendAll(): Promise<void> {
    for (;;) {
      again = false
      const rows = await ledger.unsent(batch)
      if (rows.length === 0) {
        if (again) continue
        return
      }
      await bus.publish(rows.map((row) => row.envelope))
      const seqs = rows.map((row) => row.seq)
      await ledger.markSent(seqs, now())
      failures = 0
    }
  }

  function wake(): void {
    again = true
    if (pumping || alarm) return
    pumping = sendAll()
      .catch((error: unknown) => {
        failures += 1
        onError(error)
        alarm = setTimeout(
          () => {
            alarm = null
            wake()
          },
          backoff(retry, failures),
        )
      })
      .finally(() => {
        pumping = null
        if (again) wake()
      })
  }

  return {
    wake,
    async stop() {
      await pumping
      if (alarm) clearTimeout(alarm)
      alarm = setTimeout(() => {}, 0)
      await sendAll().catch(onError)
      clearTimeout(alarm)
    },
  }
}
