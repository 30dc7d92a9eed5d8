import type { EventDefinition } from '#events/define.ts'
import type { Envelope } from '#events/envelope.ts'
import { isOperatorRequest } from '#events/operator.ts'

/** Whom a service believes besides services. Names may have stars: `imagedrop-operator*`. */
export interface TrustPolicy {
  /** Who may ask: accounts at the broker, and accounts of those that the ledger lets write requests. */
  readonly operators: { readonly bus: readonly string[]; readonly ledger: readonly string[] }
  /** By subject, the accounts at the broker whose messages count. Of a subject that is not named, everybody's do. */
  readonly messages: Readonly<Record<string, readonly string[]>>
}

/** Which services speak from which account at the broker. */
export interface Accounts {
  /** Before the name of a service in the name of its account. */
  readonly prefix: string
  /** Accounts that speak for several services, or for all (`*`). */
  readonly shared: ReadonlyMap<string, readonly string[]>
  /** Take what names no sender from services too: those of the version before named none. */
  readonly unsigned: boolean
}

interface TrustOptions {
  /** Our own account, where the broker vouches for the sender of each message; else its rules on subjects have to do. */
  readonly account: string | null
  readonly accounts: Accounts
  readonly policy: TrustPolicy | null
  /** All services, also those of other processes: who says what. */
  readonly services: readonly Declared[]
}

/** What a service says, as it declares it. */
export interface Declared {
  readonly name: string
  readonly emits: readonly EventDefinition[]
}

/** Returns an event as it may be taken in, with the name of whoever asked in the body of a request. Throws Untrusted. */
export type Admit = (envelope: Envelope, way: 'bus' | 'ledger') => Envelope

/** The event is valid, and whoever sent it is not one who may say it. */
export class Untrusted extends Error {
  override name = 'Untrusted'
  readonly code = 'UNTRUSTED'
  readonly subject: string
  readonly sender: string | null
  readonly drop: string | null

  constructor({ subject, sender, drop }: Envelope, reason: string) {
    super(`${subject}: ${reason}`)
    this.subject = subject
    this.sender = sender
    this.drop = drop
  }
}

/** Each service has an account of its own. */
export const ownAccounts: Accounts = { prefix: 'imagedrop-', shared: new Map(), unsigned: false }

/** Where nothing else is said, no account at the broker may ask, and everybody who can write requests to the ledger. */
const noPolicy: TrustPolicy = { operators: { bus: [], ledger: ['*'] }, messages: {} }

/** Makes the one place that decides who is believed, for one service. */
export function createTrust({ account, accounts, policy, services: declared }: TrustOptions): Admit {
  const { operators, messages } = policy ?? noPolicy
  const { prefix, shared, unsigned } = accounts
  const names = new Set(declared.map(({ name }) => name))
  const servicesSaying = speakersBySubject(declared)
  const isOfService = (name: string) => name.startsWith(prefix) && names.has(name.slice(prefix.length))
  /** One account for everything: then it says what services say. */
  const common = account !== null && !isOfService(account) && !shared.has(account) ? account : null

  function speaksFor(sender: string, service: string): boolean {
    const services = shared.get(sender)
    return (
      sender === prefix + service ||
      sender === common ||
      services?.some((one) => one === service || one === '*') === true
    )
  }

  function isOwnWord({ subject, sender }: Envelope): boolean {
    const services = servicesSaying(subject)
    if (services.length === 0) return false
    // Without a sender per message, only services may publish where this came from.
    if (sender === null) return account === null || (unsigned && !isOperatorRequest(subject))
    return services.some((service) => speaksFor(sender, service))
  }

  return (envelope, way) => {
    const { subject, sender, body } = envelope
    const from = sender === null ? 'nobody vouches for its sender' : `it was sent by ${sender}`
    if (way === 'bus' && isOwnWord(envelope)) return envelope
    if (isOperatorRequest(subject)) {
      if (sender === null || isOfService(sender) || !operators[way].some((pattern) => fits(pattern, sender))) {
        throw new Untrusted(envelope, `${from}, who is no operator`)
      }
      return { ...envelope, body: { ...(body as object), by: sender } }
    }
    if (servicesSaying(subject).length > 0) throw new Untrusted(envelope, `${from}, who is no service that says this`)
    // In the ledger without a sender: handed in to a process of the version before.
    if (way === 'ledger' && sender === null) return envelope
    const trusted = way === 'ledger' ? operators.ledger : messages[subject]
    if (trusted === undefined || (sender !== null && trusted.some((pattern) => fits(pattern, sender)))) return envelope
    throw new Untrusted(envelope, `${from}, who is not trusted with it`)
  }
}

function speakersBySubject(services: readonly Declared[]): (subject: string) => readonly string[] {
  const said = services.flatMap(({ name, emits }) => emits.map(({ subject }) => ({ subject, name })))
  const bySubject = Map.groupBy(said, ({ subject }) => subject)
  return (subject) => bySubject.get(subject)?.map(({ name }) => name) ?? []
}

function fits(pattern: string, name: string): boolean {
  const [start = '', ...others] = pattern.split('*')
  if (others.length === 0) return name === pattern
  const end = others.pop() ?? ''
  let at = start.length
  for (const part of others) {
    const found = name.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return name.startsWith(start) && name.endsWith(end) && name.length >= at + end.length
}
