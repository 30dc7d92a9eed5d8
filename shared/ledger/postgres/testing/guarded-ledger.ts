import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { pino } from 'pino'
import { say } from '#events/define.ts'
import { dropCancelled } from '#events/drop-cancelled.ts'
import { seal } from '#events/envelope.ts'
import { imageRequested } from '#events/image-requested.ts'
import { foreignEvents, ownEvents } from '#events/index.ts'
import { blessingRequested } from '#events/operator.ts'
import { providePostgres } from '#test/brokers/postgres.ts'
import { house } from '#test/support/house.ts'
import type { Ledger } from '../../ledger.ts'
import { migratePostgres } from '../migrate.ts'
import { openPostgresLedger } from '../open.ts'

export type GuardedLedger = Awaited<ReturnType<typeof openGuardedLedger>>

const log = pino({ level: 'silent' })
const rolesFile = join(import.meta.dirname, '..', '..', '..', '..', 'deploy', 'postgres', 'roles.sql')

/** A database with the roles of deploy/postgres, which opens with the account of each. */
export async function openGuardedLedger() {
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await providePostgres())
  const url = await server.createDatabase()
  const roles = await readFile(rolesFile, 'utf8')
  await server.administer(roles)
  // Twice: running it again changes nothing.
  await server.administer(roles)
  await server.administer(`alter database ${new URL(url).pathname.slice(1)} owner to imagedrop_owner`)
  const by = (account: string) => {
    const address = new URL(url)
    address.username = account
    return address.href
  }
  const as = (role: string) => by(`imagedrop_${role}`)
  const openBy = (account: string): Promise<Ledger> => openPostgresLedger({ url: by(account), poolSize: 2, log })
  const migrate = () => migratePostgres({ url: as('owner'), log })
  await migrate()
  const kept = stack.move()
  return {
    administer: (text: string) => server.administer(text),
    migrate,
    /** Opens it with the account of a person. */
    openBy,
    /** Opens it with the account of a service or of another role of ours. */
    open: (role: string) => openBy(`imagedrop_${role}`),
    /** What a role hears when it tries something. */
    rowsOf: (role: string, statement: string) => rowsOf(as(role), statement),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

export const now = new Date('2026-01-01T00:00:00Z')
export const until = later(30)

/** Seconds after that. */
export function later(seconds: number): Date {
  return new Date(now.getTime() + seconds * 1_000)
}

/** What the database says of a word that is not the account's to say. */
export const notTheirs = 'row-level security policy for table "outbox"'

/** Everything that any process may send; what an account sees of it is for the database to say. */
export const everything = {
  services: house.names,
  subjects: [...ownEvents, ...foreignEvents].map(({ subject }) => subject),
}

/** A job that a service has begun. */
export async function leaseNew(ledger: Ledger, service: string) {
  await ledger.accept(service, [{ envelope: requested(), key: null, wanted: true, endsWork: false }], now)
  const [job] = await ledger.lease(service, { owner: 'a', now, until, limit: 1 })
  if (!job) throw new Error(`${service} got no job`)
  return [job] as const
}

export const requested = () => seal(say(imageRequested, imageRequested.example), { now })
export const blessing = () => seal(say(blessingRequested, blessingRequested.example), { now })
export const cancelled = () => seal(say(dropCancelled, dropCancelled.example), { now })

async function rowsOf(url: string, statement: string): Promise<string> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rowCount } = await client.query(statement)
    return rowCount === 0 ? 'no rows' : `${String(rowCount)} rows`
  } catch (error) {
    const message = error instanceof Error ? error.message : ''
    return message.replace('new row violates ', '')
  } finally {
    await client.end()
  }
}
