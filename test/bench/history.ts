/** Runs one statement on the database of a ledger, whichever it is. */
export type RunSql = (text: string) => Promise<unknown>

/** As many rows after the example of each at a time. */
const atOnce = 500
/** How much earlier each was, in milliseconds. */
const earlier = 600_000

/**
 * Gives a ledger the past of many drops: for each row that `real` drops have left, all that there are, so many more with ids, keys,
 * times and texts of their own. What is measured afterwards depends on the past only through these rows.
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
  readonly times: readonly string[]
  /** Texts that tell the event and its drop. */
  readonly told: readonly string[]
}

const tables: readonly Table[] = [
  {
    name: 'jobs',
    columns: `service event_id subject drop_id image key envelope state attempts due_at lease_owner lease_until
      cancel_requested error accepted_at started_at finished_at wait_for wait_reason wait_since wait_state`,
    renamed: ['event_id', 'drop_id', 'key', 'wait_for'],
    times: ['due_at', 'accepted_at', 'started_at', 'finished_at', 'wait_since'],
    told: ['envelope'],
  },
  {
    name: 'outbox',
    columns: 'event_id subject drop_id envelope said_at sent_at lease_owner lease_until said_by',
    renamed: ['event_id', 'drop_id'],
    times: ['said_at', 'sent_at'],
    told: ['envelope'],
  },
  { name: 'entities', columns: 'service key version state', renamed: ['key'], times: [], told: [] },
]

function copyOf({ name, columns, renamed, times, told }: Table, first: number, last: number): string {
  const names = columns.split(/\s+/)
  const own = (column: string) => `${column} || ' #' || copy`
  const values = names.map((column) => {
    if (renamed.includes(column)) return own(column)
    if (times.includes(column)) return `${column} - copy * ${String(earlier)}`
    if (!told.includes(column)) return column
    const drop = 'coalesce(drop_id, event_id)'
    return `replace(replace(${column}, event_id, ${own('event_id')}), ${drop}, ${own(drop)})`
  })
  return `
    with recursive copies (copy) as (
      select ${String(first)} union all select copy + 1 from copies where copy < ${String(last)}
    )
    insert into ${name} (${names.join(', ')}) select ${values.join(', ')} from real_${name}, copies`
}
