import { Client } from 'pg'

/** As many copies of one drop at a time. */
const atOnce = 500

/**
 * Gives a ledger the past of many drops: copies of the rows that real drops have left, under ids and keys of their own.
 * What is measured afterwards depends on the past only through these rows.
 */
export async function addHistory(url: string, drops: number): Promise<void> {
  const client = new Client(url)
  await client.connect()
  try {
    const { rows } = await client.query<{ drops: number }>(
      `select count(distinct drop_id)::int as drops from outbox where subject = 'drop.announced.v1'`,
    )
    const real = rows[0]?.drops ?? 0
    if (real === 0) throw new Error('the ledger has no drop to copy')
    const copies = Math.ceil(drops / real)
    for (let first = 1; first <= copies; first += atOnce) {
      const series = `generate_series(${String(first)}, ${String(Math.min(first + atOnce - 1, copies))}) as copy`
      for (const table of tables) {
        await client.query(`create temporary table if not exists real_${table.name} as select * from ${table.name}`)
        await client.query(copyOf(table, series))
      }
    }
    await client.query('vacuum analyze')
  } finally {
    await client.end()
  }
}

interface Table {
  readonly name: string
  readonly columns: string
  /** Those that get ` #n` behind them: what must be unique, and what belongs to one drop. */
  readonly renamed: readonly string[]
}

const tables: readonly Table[] = [
  {
    name: 'jobs',
    columns: `service event_id subject drop_id image key envelope state attempts due_at lease_owner lease_until
      cancel_requested error accepted_at started_at finished_at`,
    renamed: ['event_id', 'drop_id', 'key'],
  },
  {
    name: 'outbox',
    columns: 'event_id subject drop_id envelope said_at sent_at lease_owner lease_until said_by',
    renamed: ['event_id', 'drop_id'],
  },
  { name: 'entities', columns: 'service key version state', renamed: ['key'] },
]

function copyOf({ name, columns, renamed }: Table, series: string): string {
  const names = columns.split(/\s+/)
  const values = names.map((column) => (renamed.includes(column) ? `${column} || ' #' || copy` : column))
  return `insert into ${name} (${names.join(', ')}) select ${values.join(', ')} from real_${name}, ${series}`
}
