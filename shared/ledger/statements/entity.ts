import type { Kysely } from 'kysely'
import { LeaseLost, type Entity } from '../ledger.ts'
import type { Tables } from '../schema.ts'

export async function readEntity(db: Kysely<Tables>, service: string, key: string): Promise<Entity> {
  const row = await db
    .selectFrom('entities')
    .select(['state', 'version'])
    .where('service', '=', service)
    .where('key', '=', key)
    .executeTakeFirst()
  return entityOf(row)
}

/** What is kept, as the rest of the program knows it; what is not there yet has version 0. */
export function entityOf(row: { readonly state: string; readonly version: number } | undefined): Entity {
  return row ? { state: JSON.parse(row.state) as unknown, version: row.version } : { state: undefined, version: 0 }
}

/** Throws LeaseLost when another job has changed it since it was read. */
export async function writeEntity(
  db: Kysely<Tables>,
  service: string,
  { key, version, state }: { readonly key: string; readonly version: number; readonly state: unknown },
): Promise<void> {
  const text = JSON.stringify(state)
  const written =
    version === 0
      ? await db
          .insertInto('entities')
          .values({ service, key, version: 1, state: text })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst()
      : await db
          .updateTable('entities')
          .set({ version: version + 1, state: text })
          .where('service', '=', service)
          .where('key', '=', key)
          .where('version', '=', version)
          .executeTakeFirst()
  const rows = 'numUpdatedRows' in written ? written.numUpdatedRows : (written.numInsertedOrUpdatedRows ?? 0n)
  if (rows !== 1n)
    throw new LeaseLost(`${service} ${key} was changed by another job: version ${String(version)} is old`)
}
