/** Runs one statement on the database of a ledger, whichever it is. */
export type RunSql = (text: string) => Promise<unknown>

/** As many copies of each drop at a time. */
const atOnce = 500

/**
 * Gives a ledger the past of many drops: copies of the rows that `real` drops have left, all that there are, under ids and
 * keys of their own. What is measured afterwards depends on the past only through these rows.
 */
export async function addHistory(run: RunSql, { real, drops }: { real: number; drops: number }): Promise<void> {
  for (const { name } of tables) await run(`create temporary table real_${name} as select * from ${name}`)
  const copies = Math.ceil(drops / real)
  for (let first = 1; first <= copies; first += atOnce) {
    const last = Math.min(first + atOnce - 1, copies)
    for (const table of tables) await run(copyOf(table, first, last))
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
      cancel_requested error accepted_at started_at finished_at wait_for wait_reason wait_since wait_state`,
    renamed: ['event_id', 'drop_id', 'key', 'wait_for'],
  },
  {
    name: 'outbox',
    columns: 'event_id subject drop_id envelope said_at sent_at lease_owner lease_until said_by',
    renamed: ['event_id', 'drop_id'],
  },
  { name: 'entities', columns: 'service key version state', renamed: ['key'] },
]

function copyOf({ name, columns, renamed }: Table, first: number, last: number): string {
  const names = columns.split(/\s+/)
  const values = names.map((column) => (renamed.includes(column) ? `${column} || ' #' || copy` : column))
  return `
    with recursive copies (copy) as (
      select ${String(first)} union all select copy + 1 from copies where copy < ${String(last)}
    )
    insert into ${name} (${names.join(', ')}) select ${values.join(', ')} from real_${name}, copies`
}
