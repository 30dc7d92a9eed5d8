import { sql, type Kysely } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'

/**
 * Each row of the outbox says which service said it: its processes send it, and nobody else. Null is a request of an
 * operator, by the account in `said_by`. Processes of the version before name no service, so PostgreSQL fills it in from
 * their role; what they left without one is sent by whoever says its subject.
 */
export async function up(db: Kysely<unknown>, { name }: DatabaseKind): Promise<void> {
  await db.schema.alterTable('outbox').addColumn('service', 'text').execute()
  if (name !== 'PostgreSQL') {
    await db.schema.alterTable('outbox').addColumn('said_by', 'text').execute()
    return
  }
  await sql`
    create function service_of_role(role text) returns text language sql immutable
    return case when role like 'imagedrop\\_%' and role not in ('imagedrop_owner', 'imagedrop_operator', 'imagedrop_monitor')
      then replace(substr(role, length('imagedrop_') + 1), '_', '-') end`.execute(db)
  await sql`alter table outbox alter column service set default service_of_role(current_user)`.execute(db)
  // An account may act as a role of several; who asked is the account.
  await sql`alter table outbox alter column said_by set default session_user`.execute(db)
  await sql`update outbox set service = service_of_role(said_by) where sent_at is null`.execute(db)
}
