import type { Subscribed } from '#bus/bus.ts'
import type { Envelope } from '#events/envelope.ts'
import { parseIncoming } from '#events/parse.ts'
import type { Assembled } from './host.ts'
import { inboxOf } from './inbox.ts'
import { whileLedgerIsAway } from './ledger-patience.ts'
import type { Linked } from './paths.ts'
import { createTrust, ownAccounts, Untrusted } from './trust.ts'
import type { Runtime } from './runtime.ts'

/** The ways into the inbox of one service. */
export interface Intake {
  readonly service: string
  /** From the bus, for as long as the subscription lasts; what is not to be believed ends among the dead letters. */
  subscribe(): Promise<Subscribed>
  readonly subjects: readonly string[]
  /** What operators ask in the ledger; what is not valid, or not to be believed, is logged. */
  hear(envelopes: readonly Envelope[]): Promise<void>
  /** What somebody in this process vouches for. */
  accept(envelopes: readonly Envelope[]): Promise<void>
}

interface IntakeOptions {
  /** All services, also those of other processes. */
  readonly services: readonly Linked[]
  readonly ending: AbortSignal
}

/**
 * Opens them; events come in each once, whichever way they take. While the process stops (`ending`), what the ledger does
 * not take is left to the bus, which delivers it again.
 */
export function openIntake(
  runtime: Runtime,
  { service, trust }: Pick<Assembled, 'service' | 'trust'>,
  { services, ending }: IntakeOptions,
): Intake {
  const { bus, ledger, now, log, accounts = ownAccounts, onRefused } = runtime
  const { subjects, deliveryOf } = inboxOf(service, services)
  const admit = createTrust({ account: bus.account, accounts, policy: trust ?? null, services })

  function judge(envelope: Envelope, way: 'bus' | 'ledger'): Envelope {
    try {
      return admit(envelope, way)
    } catch (error) {
      if (error instanceof Untrusted) onRefused?.(error, service.name)
      throw error
    }
  }

  function heard(envelope: Envelope): Envelope[] {
    try {
      // Whoever can write there may have written anything.
      return [judge(parseIncoming(envelope), 'ledger')]
    } catch (error) {
      log.error({ service: service.name, event: envelope.id, err: error }, 'refused')
      return []
    }
  }

  async function deliver(envelopes: readonly Envelope[]): Promise<void> {
    const accept = async () => void (await ledger.accept(service.name, envelopes.map(deliveryOf), now()))
    await whileLedgerIsAway(log, accept, ending)
  }

  async function accept(envelopes: readonly Envelope[]): Promise<void> {
    const wanted = envelopes.filter((envelope) => subjects.includes(envelope.subject))
    if (wanted.length > 0) await deliver(wanted)
  }

  return {
    service: service.name,
    subjects,
    subscribe: () =>
      bus.subscribe({ service: service.name, subjects, deliver, admit: (envelope) => judge(envelope, 'bus') }),
    hear: (envelopes) => accept(envelopes.filter(({ subject }) => subjects.includes(subject)).flatMap(heard)),
    accept,
  }
}
